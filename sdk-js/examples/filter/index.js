// A filter on two fields: keeps the opens of files below `prefix`, of process `pid` if that is given.
//
//     ig run trace_open --wasm-operator js-filter.wasm,prefix=/etc
import { Sources } from 'ig-operator';

// In the order in which `init` names them.
const FNAME = 0;
const PID = 1;

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
		const rows = sources.rows(batch);
		return rows.changes(rows.where((row) => (pid === 0 || rows.number(row, PID) === pid) && rows.startsWith(row, FNAME, prefix)));
	},
};
