// An enricher: adds the column `ending`, what follows the last dot of a file's name.
//
//     ig run trace_open --wasm-operator js-enrich.wasm
import { Sources } from 'ig-operator';

let sources;

export const operator = {
	init(_op, given) {
		sources = new Sources(given, ['fname'], { ending: 'string' });
	},

	batch(_op, batch) {
		const rows = sources.rows(batch);
		rows.fill(0, (row) => /\.(\w+)$/.exec(rows.text(row, 0))?.[1] ?? '');
		return rows.changes();
	},
};
