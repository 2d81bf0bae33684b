// A filter on two fields: keeps the opens of files below `prefix`, of process `pid` if that is given.
//
//     ig run trace_open --wasm-operator js-filter.wasm,prefix=/etc
import { Rows, Sources } from '../../index.js';

let sources;
let prefix;
let pid;

export const operator = {
	init(_op, given, params) {
		const { prefix: start = '/', pid: process = '0' } = Object.fromEntries(params);
		prefix = new TextEncoder().encode(start);
		pid = Number(process);
		sources = new Sources(given, ['fname', 'proc.pid']);
	},

	batch(_op, batch) {
		const [fname, procPid] = sources.fields(batch);
		const rows = new Rows(batch);
		return {
			selection: rows.where(
				(at) => (pid === 0 || rows.view.getUint32(at + procPid.offset, true) === pid) && rows.startsWith(at + fname.offset, prefix),
			),
		};
	},
};
