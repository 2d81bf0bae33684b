/** The data model that every part of the host shares: data sources and their fields. */

/** Kinds of field values; numbers are Inspektor Gadget's `api.Kind`. Or-ed with {@link ARRAY_OF}: an array. */
export const Kind = {
	Invalid: 0,
	Bool: 1,
	Int8: 2,
	Int16: 3,
	Int32: 4,
	Int64: 5,
	Uint8: 6,
	Uint16: 7,
	Uint32: 8,
	Uint64: 9,
	Float32: 10,
	Float64: 11,
	String: 12,
	CString: 13,
	Bytes: 14,
} as const;
export const ARRAY_OF = 0x10000000;

/** Bytes of a value of a fixed-size kind; 0 for strings and bytes. */
export function kindWidth(kind: number): number {
	switch (kind) {
		case Kind.Bool:
		case Kind.Int8:
		case Kind.Uint8:
			return 1;
		case Kind.Int16:
		case Kind.Uint16:
			return 2;
		case Kind.Int32:
		case Kind.Uint32:
		case Kind.Float32:
			return 4;
		case Kind.Int64:
		case Kind.Uint64:
		case Kind.Float64:
			return 8;
		default:
			return 0;
	}
}

/** Bits of `Field.flags`; numbers are Inspektor Gadget's. */
export const FieldFlag = { Empty: 1, Container: 2, Hidden: 4, HasParent: 8, StaticMember: 16, Unreferenced: 32 } as const;

export interface Field {
	/** Index in `DataSource.fields`. */
	readonly id: number;
	/** Full name: parents and the leaf's name joined by `.`. */
	readonly name: string;
	kind: number;
	/** Place in the row's payload, bytes; 0 and 0 for added fields. */
	readonly offset: number;
	readonly size: number;
	flags: number;
	/** Field id of the parent, -1 for none. */
	readonly parent: number;
	/** Column slot that holds the value, -1 when it is in the row. */
	slot: number;
	readonly tags: string[];
	readonly annotations: Record<string, string>;
	/** Place among the default columns; lower comes first. */
	order: number;
}

export interface DataSource {
	readonly name: string;
	readonly type: 'single' | 'array';
	/** Bytes of the record's struct. 0 when nothing comes from eBPF. */
	readonly recordSize: number;
	readonly fields: Field[];
	readonly annotations: Record<string, string>;
	readonly tags: string[];
	/** Columns so far: fields whose `slot` is not -1. */
	slots: number;
}

/**
 * Bytes of a data source's struct, as it comes from the gadget, up to which every row goes: behind there is only text, and a
 * gadget that has none to add submits records that end there.
 */
export function fixedSize(source: DataSource): number {
	return Math.max(0, ...source.fields.filter(({ kind }) => kind !== Kind.CString).map(({ offset, size }) => offset + size));
}
