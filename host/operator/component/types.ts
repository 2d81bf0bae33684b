/** The types of sdk-wit/operator.wit as jco has them in JavaScript. A component says itself what it returns: that is checked. */
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

export interface WitChanges {
	readonly selection: Uint32Array | undefined;
	readonly columns: readonly { readonly slot: number; readonly validity: number; readonly data: number; readonly size: number }[];
	readonly heap: Uint8Array | undefined;
	readonly output: Uint8Array | undefined;
}

type Signal = (op: number, batch: WitBatch) => unknown;

export interface WitChange {
	readonly key: Uint8Array;
	readonly value: Uint8Array | undefined;
}

/** What a component may export, by interface. */
export interface WitExports {
	readonly operator: {
		init(op: number, sources: readonly WitSource[], params: readonly (readonly [string, string])[]): void;
		batch(op: number, batch: WitBatch): unknown;
	};
	readonly lifecycle?: { readonly start: Signal; readonly tick: Signal; readonly stop: Signal };
	readonly tables?: { update(op: number, table: number, changes: readonly WitChange[]): void };
	readonly state?: { save(op: number): unknown; restore(op: number, state: Uint8Array): void };
}
