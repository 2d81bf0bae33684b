/** The types of sdk-wit/operator.wit as jco has them in JavaScript. What comes from a guest has these shapes: jco checked it. */
export const PACKAGE = 'ig:operator';
export const VERSION = '1.0.0';

/** In the order of their numbers. */
export const kinds = [
	...['invalid', 'bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'],
	...['float32', 'float64', 'string', 'cstring', 'bytes'],
] as const;

export interface WitField {
	readonly id: number;
	readonly name: string;
	readonly kind: string;
	readonly isArray: boolean;
	readonly offset: number;
	readonly size: number;
	readonly flags: Readonly<Record<string, boolean>>;
	readonly parent: number | undefined;
	readonly slot: number | undefined;
	readonly tags: readonly string[];
	readonly annotations: readonly (readonly [string, string])[];
	readonly order: number;
}

export interface WitSource {
	readonly name: string;
	readonly isArray: boolean;
	readonly recordSize: number;
	readonly fields: readonly WitField[];
	readonly annotations: readonly (readonly [string, string])[];
}

export interface WitBatch {
	readonly dataSource: number;
	readonly isArray: boolean;
	readonly rowCount: number;
	readonly stride: number;
	readonly rows: number;
	readonly rowOffsets: number;
	readonly columns: number;
	readonly columnCount: number;
	readonly heap: number;
	readonly sequence: bigint;
	readonly lost: bigint;
	readonly bootOffset: bigint;
	readonly monoOffset: bigint;
	readonly bytes: Uint8Array;
}

export interface WitColumn {
	readonly slot: number;
	readonly validity?: number | undefined;
	readonly data: number;
	readonly size: number;
}

export interface WitChanges {
	readonly selection?: ArrayLike<number> | undefined;
	readonly columns?: readonly WitColumn[] | undefined;
	readonly heap?: Uint8Array | undefined;
	readonly output?: Uint8Array | undefined;
}

type Signal = (op: number, batch: WitBatch) => Uint8Array | undefined;

export interface WitChange {
	readonly key: Uint8Array;
	readonly value: Uint8Array | undefined;
}

/** What a component may export, by interface. */
export interface WitExports {
	readonly operator: {
		init(op: number, sources: readonly WitSource[], params: readonly (readonly [string, string])[]): void;
		batch(op: number, batch: WitBatch): WitChanges;
	};
	readonly lifecycle?: { readonly start: Signal; readonly tick: Signal; readonly stop: Signal };
	readonly tables?: { update(op: number, table: number, changes: readonly WitChange[]): void };
	readonly state?: { save(op: number): Uint8Array; restore(op: number, state: Uint8Array): void };
}
