/** The interface `ig:operator/host` (sdk-wit/operator.wit): what core modules import as `ig`, with values in the place of addresses. */
import type { Access } from '../access.js';
import { type MetricKind, metricKinds } from '../effects.js';
import { Errno } from '../errno.js';
import { type LineLimit, type LogLevel, MAX_LOG } from '../lines.js';
import type { InitSession } from '../session.js';
import { kinds } from './types.js';

/** The guest as its imports see it. */
export interface Caller {
	session(): InitSession | undefined;
	access(): Access | undefined;
	readonly lines: LineLimit;
}

/** Bytes that one `map-read` may ask for. */
const MAX_READ = 16 << 20;

const errnos = new Map<number, string>(
	Object.entries(Errno).map(([name, number]) => [-number, name === '2BIG' ? 'too-big' : name.toLowerCase()]),
);

/** How jco is told of a `result` that is an error. */
export class WitError extends Error {
	readonly payload: unknown;
	constructor(payload: unknown) {
		super('an error for the guest');
		this.payload = payload;
	}
}

/** The result of a call below, or its error. */
function value(result: number): number {
	if (result >= 0) return result;
	throw new WitError(errnos.get(result) ?? 'inval');
}

const flagBits = { empty: 1, container: 2, hidden: 4, hasParent: 8, inRow: 16, unreferenced: 32 } as const;

/** Of a field, as an object of booleans. */
export function flagsToWit(flags: number): Record<string, boolean> {
	return Object.fromEntries(Object.entries(flagBits).map(([name, bit]) => [name, (flags & bit) !== 0]));
}

function flagsOf(flags: Readonly<Record<string, boolean>>): number {
	return Object.entries(flagBits).reduce((sum, [name, bit]) => (flags[name] === true ? sum | bit : sum), 0);
}

const kindOf = (kind: string): number => (kinds as readonly string[]).indexOf(kind);
const id = (parent: number | undefined): number => parent ?? -1;

export function makeHost({ session, access, lines }: Caller): Record<string, unknown> {
	const during = (run: (session: InitSession) => number): number => {
		const now = session();
		return value(now === undefined ? -Errno.NOTCAPABLE : run(now));
	};
	const through = (run: (access: Access) => number): number => {
		const now = access();
		return value(now === undefined ? -Errno.NOTCAPABLE : run(now));
	};
	const allowed = (capability: string): boolean => access()?.allows(capability) === true;
	/** Checks the sizes of a key and a value: the calls below trust them. */
	const entry = (map: number, key: Uint8Array, run: (access: Access, valueSize: number) => number): number =>
		through((now) => {
			const info = now.mapInfo(map);
			if (info === undefined) return -Errno.BADF;
			return key.length === info.keySize ? run(now, info.valueSize) : -Errno.INVAL;
		});

	return {
		log: (level: LogLevel, text: string): void => lines.line(level, () => text.slice(0, MAX_LOG)),

		fieldAdd: (ds: number, parent: number | undefined, name: string, kind: string, flags: Record<string, boolean>): number =>
			during((now) => now.perform({ do: 'add', ds, parent: id(parent), name, kind: kindOf(kind), flags: flagsOf(flags) })),
		fieldOverride: (ds: number, field: number, kind: string): number =>
			during((now) => now.perform({ do: 'override', ds, field, kind: kindOf(kind) })),
		fieldSlot: (ds: number, field: number): number | undefined => {
			const slot = session()?.slot(ds, field) ?? -1;
			return slot < 0 ? undefined : slot;
		},
		fieldAnnotate: (ds: number, field: number, key: string, text: string): number =>
			during((now) => now.perform({ do: 'annotate', ds, field, key, value: text })),
		fieldTag: (ds: number, field: number, tag: string): number => during((now) => now.perform({ do: 'tag', ds, field, tag })),
		fieldHide: (ds: number, field: number, hidden: boolean): number => during((now) => now.perform({ do: 'hide', ds, field, hidden })),
		fieldWant: (ds: number, field: number): number => during((now) => now.want(ds, field)),

		sourceAdd: (name: string, array: boolean, recordSize: number): number =>
			during((now) => (allowed(`emit:${name}`) ? now.perform({ do: 'source', name, array, recordSize }) : -Errno.NOTCAPABLE)),
		sourceAnnotate: (ds: number, key: string, text: string): number =>
			during((now) => now.perform({ do: 'annotateSource', ds, key, value: text })),
		sourceField: (
			ds: number,
			parent: number | undefined,
			name: string,
			kind: string,
			flags: Record<string, boolean>,
			offset: number,
			size: number,
		): number =>
			during((now) => now.perform({ do: 'place', ds, parent: id(parent), name, kind: kindOf(kind), flags: flagsOf(flags), offset, size })),
		metricAdd: (kind: string, name: string, unit: string): number =>
			during((now) => {
				const known = metricKinds.find((one): one is MetricKind => one === kind);
				if (known === undefined) return -Errno.INVAL;
				return allowed('metric') ? now.addMetric(known, name, unit) : -Errno.NOTCAPABLE;
			}),

		emit: (ds: number, rows: Uint8Array, count: number, stride: number): number =>
			through((now) => {
				if (session() !== undefined) return -Errno.NOTCAPABLE;
				return count * stride > rows.length ? -Errno.FAULT : now.emit(ds, rows, count, stride);
			}),
		metricRecord: (metric: number, number: number): number => through((now) => now.record(metric, number)),

		mapOpen: (name: string): object => {
			const handle = through((now) => now.openMap(name));
			const info = access()?.mapInfo(handle);
			if (info === undefined) throw new WitError('badf');
			const { type: kind, keySize, valueSize, maxEntries, writable } = info;
			return { handle, kind, keySize, valueSize, maxEntries, writable };
		},
		mapLookup: (map: number, key: Uint8Array): Uint8Array => {
			let found = new Uint8Array(0);
			entry(map, key, (now, valueSize) => {
				found = new Uint8Array(valueSize);
				return now.lookup(map, key, found);
			});
			return found;
		},
		mapUpdate: (map: number, key: Uint8Array, bytes: Uint8Array, flags: number): number =>
			entry(map, key, (now, valueSize) => (bytes.length === valueSize ? now.update(map, key, bytes, flags) : -Errno.INVAL)),
		mapDelete: (map: number, key: Uint8Array): number => entry(map, key, (now) => now.remove(map, key)),
		mapRead: (map: number, after: Uint8Array | undefined, count: number): Uint8Array => {
			let entries = new Uint8Array(0);
			let size = 0;
			const read = through((now) => {
				const info = now.mapInfo(map);
				if (info === undefined) return -Errno.BADF;
				if (after !== undefined && after.length !== info.keySize) return -Errno.INVAL;
				size = round8(info.keySize) + round8(info.valueSize);
				if (count * size > MAX_READ) return -Errno['2BIG'];
				entries = new Uint8Array(count * size);
				return now.read(map, after, entries);
			});
			return entries.subarray(0, read * size);
		},
	};
}

function round8(size: number): number {
	return (size + 7) & ~7;
}
