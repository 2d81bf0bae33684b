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
