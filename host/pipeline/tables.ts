/** Side tables: what the host knows and operators ask for, as keyed entries (docs/operator-abi.md, "Side tables"). */

/** Key to value; null deletes. */
export type TableEntries = ReadonlyMap<number, string | null>;

const SET = 1;
const DELETE = 2;

/** Entries as `ig_table` receives them. */
export function encodeEntries(entries: TableEntries): Uint8Array {
	const encoder = new TextEncoder();
	const parts = [...entries].map(([key, value]) => ({ key, value: value === null ? undefined : encoder.encode(value) }));
	const size = parts.reduce((sum, { value }) => sum + 16 + (((value?.length ?? 0) + 3) & ~3), 0);
	const bytes = new Uint8Array(size);
	const view = new DataView(bytes.buffer);
	let at = 0;
	for (const { key, value } of parts) {
		view.setUint32(at, value === undefined ? DELETE : SET, true);
		view.setUint32(at + 4, 4, true);
		view.setUint32(at + 8, value?.length ?? 0, true);
		view.setUint32(at + 12, key, true);
		if (value !== undefined) bytes.set(value, at + 16);
		at += 16 + (((value?.length ?? 0) + 3) & ~3);
	}
	return bytes;
}

/** The newest state of every table, for operators that start later. */
export class Tables {
	readonly #tables = new Map<string, Map<number, string>>();

	update(name: string, entries: TableEntries): void {
		const table = this.#tables.get(name) ?? new Map<number, string>();
		this.#tables.set(name, table);
		for (const [key, value] of entries) {
			if (value === null) table.delete(key);
			else table.set(key, value);
		}
	}

	get(name: string): ReadonlyMap<number, string> {
		return this.#tables.get(name) ?? new Map();
	}

	names(): string[] {
		return [...this.#tables.keys()];
	}
}
