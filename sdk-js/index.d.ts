/** The types of sdk-wit/operator.wit that this module uses. */
export type Kind =
	| 'invalid'
	| 'bool'
	| 'int8'
	| 'int16'
	| 'int32'
	| 'int64'
	| 'uint8'
	| 'uint16'
	| 'uint32'
	| 'uint64'
	| 'float32'
	| 'float64'
	| 'string'
	| 'cstring'
	| 'bytes';

export interface DataSource {
	readonly name: string;
	readonly fields: readonly {
		readonly id: number;
		readonly name: string;
		readonly kind: Kind;
		readonly offset: number;
		readonly size: number;
	}[];
}

export interface RecordBatch {
	readonly dataSource: number;
	readonly rowCount: number;
	readonly stride: number;
	readonly rows: number;
	readonly rowOffsets: number;
	readonly heap: number;
	readonly bytes: Uint8Array;
}

export interface Changes {
	readonly selection?: Uint32Array;
	readonly columns?: readonly { readonly slot: number; readonly validity?: number; readonly data: number; readonly size: number }[];
	readonly heap?: Uint8Array;
	readonly output?: Uint8Array;
}

/** What an operator reads and adds, found once, in `init`. */
export class Sources {
	constructor(sources: readonly DataSource[], names: readonly string[], adds?: Readonly<Record<string, Kind>>);
	rows(batch: RecordBatch): Rows;
}

/** A batch: rows are numbered from 0, fields and columns as they were named in {@link Sources}. */
export class Rows {
	readonly count: number;
	number(row: number, field: number): number | bigint;
	bytes(row: number, field: number): Uint8Array;
	text(row: number, field: number): string;
	startsWith(row: number, field: number, prefix: Uint8Array): boolean;
	where(wanted: (row: number) => boolean): Uint32Array;
	fill(column: number, value: (row: number) => string): void;
	changes(selection?: Uint32Array): Changes;
}

/** A data source of the operator's own (`emit:NAME` in the manifest): made in `init`, filled in any later call. */
export class Emitter {
	/** `fields`: name to kind, or to the size of a text in bytes. `array`: each flush is a snapshot. */
	constructor(name: string, fields: Readonly<Record<string, Kind | number>>, options?: { readonly array?: boolean });
	/** 64-bit numbers may be bigints. */
	row(values: Readonly<Record<string, string | number | bigint | boolean>>): void;
	flush(): void;
}

/** A number that `--stats` shows (`metric` in the manifest): made in `init`, recorded in any later call. */
export class Metric {
	constructor(kind: 'counter' | 'gauge' | 'histogram', name: string, unit?: string);
	/** Adds to a counter, sets a gauge, puts into a histogram. */
	record(value: number): void;
}

/** A BPF map of the gadget (`map:NAME`, `map:NAME:rw` in the manifest). What is refused throws an object with the errno as `payload`. */
export interface BpfMap {
	readonly handle: number;
	/** enum bpf_map_type */
	readonly kind: number;
	readonly keySize: number;
	readonly valueSize: number;
	readonly maxEntries: number;
	readonly writable: boolean;
}
export function mapOpen(name: string): BpfMap;
export function mapLookup(map: number, key: Uint8Array): Uint8Array;
export function mapUpdate(map: number, key: Uint8Array, value: Uint8Array, flags: number): void;
export function mapDelete(map: number, key: Uint8Array): void;
/** Keys and values, each padded to 8, of at most `count` entries behind the key `after`, or from the first. */
export function mapRead(map: number, after: Uint8Array | undefined, count: number): Uint8Array;
export function log(level: 'error' | 'warn' | 'info' | 'debug', text: string): void;
