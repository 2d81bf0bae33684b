// Keeps files below a folder: ig run trace_open --wasm-operator build/{{name}}.wasm,prefix=/etc/
import { Sources } from 'ig-operator';

/** In the order in which `init` names the fields. */
const PATH = 0;

let sources;
let prefix;

export const operator = {
	/** Called once. What is looked up here is what the host fills in; a field that is not there ends the run. */
	init(_op, given, params) {
		prefix = new TextEncoder().encode(Object.fromEntries(params).prefix);
		sources = new Sources(given, ['fname']);
	},

	/** Called for each batch: some rows, some hundreds. */
	batch(_op, batch) {
		const rows = sources.rows(batch);
		return rows.changes(rows.where((row) => rows.startsWith(row, PATH, prefix)));
	},
};
