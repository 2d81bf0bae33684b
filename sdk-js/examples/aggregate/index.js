// An aggregator: counts opens by command, and emits the counts each second as a data source `opens`. What it has counted goes along when
// another build takes over (`--watch`). With `--grant js-aggregate=map:start` a gauge says how many opens are under way.
import { Emitter, log, Metric, mapOpen, mapRead, Sources } from 'ig-operator';

/** In the order in which `init` names the fields. */
const COMM = 0;
/** Entries of the map that are looked at. */
const MOST = 1024;

let sources;
let opens;
let seen;
let underWay;
/** Commands in one second. */
let counts = new Map();

/** Entries of the gadget's map of opens that have begun; undefined: it was not granted. */
function begun() {
	try {
		const { handle, keySize, valueSize } = mapOpen('start');
		const entry = Math.ceil(keySize / 8) * 8 + Math.ceil(valueSize / 8) * 8;
		return mapRead(handle, undefined, MOST).length / entry;
	} catch {
		return undefined;
	}
}

function flush() {
	for (const [comm, count] of counts) opens.row({ comm, count });
	opens.flush();
	counts = new Map();
}

export const operator = {
	init(_op, given) {
		sources = new Sources(given, ['proc.comm']);
		opens = new Emitter('opens', { comm: 16, count: 'uint32' });
		seen = new Metric('counter', 'seen', 'opens');
		underWay = new Metric('gauge', 'under-way', 'opens');
	},

	batch(_op, batch) {
		const rows = sources.rows(batch);
		for (let row = 0; row < rows.count; row++) {
			const comm = rows.text(row, COMM);
			counts.set(comm, (counts.get(comm) ?? 0) + 1);
		}
		seen.record(rows.count);
		return {};
	},
};

export const lifecycle = {
	start() {},
	tick() {
		const count = begun();
		if (count !== undefined) underWay.record(count);
		flush();
	},
	stop: flush,
};

export const state = {
	save: () => new TextEncoder().encode(JSON.stringify([...counts])),
	/** They come from another build, which may have kept something else. */
	restore(_op, bytes) {
		try {
			counts = new Map(JSON.parse(new TextDecoder().decode(bytes)));
		} catch {
			throw 'this is no list of counts';
		}
		log('debug', `goes on with ${counts.size} commands`);
	},
};
