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

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
const kindOf = (kind: string): number => (kinds as readonly string[]).indexOf(kind);
const id = (parent: number | undefined): number => parent ?? -1;

/** Types of parameters. A component says itself what it calls its imports with, and may say something else than the WIT file. */
const checks = {
	u32: (given: unknown): boolean => typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= 0xffff_ffff,
	'u32?': (given: unknown): boolean => given === undefined || checks.u32(given),
	f64: (given: unknown): boolean => typeof given === 'number',
	bool: (given: unknown): boolean => typeof given === 'boolean',
	text: (given: unknown): boolean => typeof given === 'string',
	bytes: (given: unknown): boolean => given instanceof Uint8Array,
	'bytes?': (given: unknown): boolean => given === undefined || checks.bytes(given),
	flags: (given: unknown): boolean => typeof given === 'object' && given !== null,
} as const;

function typed<Args extends unknown[], Result>(types: readonly (keyof typeof checks)[], run: (...args: Args) => Result) {
	return (...args: Args): Result => {
		types.forEach((type, i) => {
			if (!checks[type](args[i])) throw new Error(`it calls an import of ig with something else than a ${type} as parameter ${i}`);
		});
		return run(...args);
	};
}

type Flags = Readonly<Record<string, boolean>>;

export function makeHost({ session, access, lines }: Caller): Record<string, unknown> {
	const during = (run: (session: InitSession) => number): number => {
		const now = session();
		return value(now === undefined ? -Errno.NOTCAPABLE : run(now));
	};
	const through = (run: (access: Access) => number): number => {
		const now = access();
		return value(now === undefined ? -Errno.NOTCAPABLE : run(now));
	};
	/** What init declares is there for all when it has returned. */
	const afterInit = (run: (access: Access) => number): number => through((now) => (session() === undefined ? run(now) : -Errno.NOTCAPABLE));
	const allowed = (capability: string): boolean => access()?.allows(capability) === true;
	/** Checks the sizes of a key and a value: the calls below trust them. */
	const entry = (map: number, key: Uint8Array, run: (access: Access, valueSize: number) => number): number =>
		through((now) => {
			const info = now.mapInfo(map);
			if (info === undefined) return -Errno.BADF;
			return key.length === info.keySize ? run(now, info.valueSize) : -Errno.INVAL;
		});

	return {
		log: typed(['text', 'text'], (level: string, text: string) => {
			lines.line(levels.find((known) => known === level) ?? 'info', () => text.slice(0, MAX_LOG));
		}),

		fieldAdd: typed(
			['u32', 'u32?', 'text', 'text', 'flags'],
			(ds: number, parent: number | undefined, name: string, kind: string, flags: Flags) =>
				during((now) => now.perform({ do: 'add', ds, parent: id(parent), name, kind: kindOf(kind), flags: flagsOf(flags) })),
		),
		fieldOverride: typed(['u32', 'u32', 'text'], (ds: number, field: number, kind: string) =>
			during((now) => now.perform({ do: 'override', ds, field, kind: kindOf(kind) })),
		),
		fieldSlot: typed(['u32', 'u32'], (ds: number, field: number) => {
			const slot = session()?.slot(ds, field) ?? -1;
			return slot < 0 ? undefined : slot;
		}),
		fieldAnnotate: typed(['u32', 'u32', 'text', 'text'], (ds: number, field: number, key: string, text: string) =>
			during((now) => now.perform({ do: 'annotate', ds, field, key, value: text })),
		),
		fieldTag: typed(['u32', 'u32', 'text'], (ds: number, field: number, tag: string) =>
			during((now) => now.perform({ do: 'tag', ds, field, tag })),
		),
		fieldHide: typed(['u32', 'u32', 'bool'], (ds: number, field: number, hidden: boolean) =>
			during((now) => now.perform({ do: 'hide', ds, field, hidden })),
		),
		fieldWant: typed(['u32', 'u32'], (ds: number, field: number) => during((now) => now.want(ds, field))),

		sourceAdd: typed(['text', 'bool', 'u32'], (name: string, array: boolean, recordSize: number) =>
			during((now) => (allowed(`emit:${name}`) ? now.perform({ do: 'source', name, array, recordSize }) : -Errno.NOTCAPABLE)),
		),
		sourceAnnotate: typed(['u32', 'text', 'text'], (ds: number, key: string, text: string) =>
			during((now) => now.perform({ do: 'annotateSource', ds, key, value: text })),
		),
		sourceField: typed(
			['u32', 'u32?', 'text', 'text', 'flags', 'u32', 'u32'],
			(ds: number, parent: number | undefined, name: string, kind: string, flags: Flags, offset: number, size: number) =>
				during((now) =>
					now.perform({ do: 'place', ds, parent: id(parent), name, kind: kindOf(kind), flags: flagsOf(flags), offset, size }),
				),
		),
		metricAdd: typed(['text', 'text', 'text'], (kind: string, name: string, unit: string) =>
			during((now) => {
				const known = metricKinds.find((one): one is MetricKind => one === kind);
				if (known === undefined) return -Errno.INVAL;
				return allowed('metric') ? now.addMetric(known, name, unit) : -Errno.NOTCAPABLE;
			}),
		),

		emit: typed(['u32', 'bytes', 'u32', 'u32'], (ds: number, rows: Uint8Array, count: number, stride: number) =>
			afterInit((now) => (count * stride > rows.length ? -Errno.FAULT : now.emit(ds, rows, count, stride))),
		),
		metricRecord: typed(['u32', 'f64'], (metric: number, number: number) => afterInit((now) => now.record(metric, number))),

		mapOpen: typed(['text'], (name: string) => {
			const handle = through((now) => now.openMap(name));
			const info = access()?.mapInfo(handle);
			if (info === undefined) throw new WitError('badf');
			const { type: kind, keySize, valueSize, maxEntries, writable } = info;
			return { handle, kind, keySize, valueSize, maxEntries, writable };
		}),
		mapLookup: typed(['u32', 'bytes'], (map: number, key: Uint8Array) => {
			let found = new Uint8Array(0);
			entry(map, key, (now, valueSize) => {
				found = new Uint8Array(valueSize);
				return now.lookup(map, key, found);
			});
			return found;
		}),
		mapUpdate: typed(['u32', 'bytes', 'bytes', 'u32'], (map: number, key: Uint8Array, bytes: Uint8Array, flags: number) =>
			entry(map, key, (now, valueSize) => (bytes.length === valueSize ? now.update(map, key, bytes, flags) : -Errno.INVAL)),
		),
		mapDelete: typed(['u32', 'bytes'], (map: number, key: Uint8Array) => entry(map, key, (now) => now.remove(map, key))),
		mapRead: typed(['u32', 'bytes?', 'u32'], (map: number, after: Uint8Array | undefined, count: number) => {
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
		}),
	};
}

function round8(size: number): number {
	return (size + 7) & ~7;
}
