/**
 * The two facts about a module's memory that the WebAssembly JavaScript API does not give (type reflection is not in
 * Node 20 to 26), and the means to bound it: the binary's own memory section. WebAssembly core specification 1.0, §5.5.
 */
const MEMORY_SECTION = 5;
const IMPORT_SECTION = 2;
const HEADER = 8;

export interface Limits {
	/** 64 KiB pages. */
	readonly initial: number;
	readonly maximum?: number;
}

export interface MemoryInfo {
	/** The memory that the module imports as `env.memory`. */
	readonly imported?: Limits;
	/** The module's own first memory, with the bytes of its section. */
	readonly own?: Limits;
}

/** Malformed LEB128 or a section that leaves the file; the engine's own validation runs before, so this is a rare case. */
export class BinaryError extends Error {}

export class Reader {
	at: number;
	readonly #bytes: Uint8Array;
	constructor(bytes: Uint8Array, at: number) {
		this.#bytes = bytes;
		this.at = at;
	}
	byte(): number {
		const byte = this.#bytes[this.at++];
		if (byte === undefined) throw new BinaryError('ends early');
		return byte;
	}
	u32(): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			const byte = this.byte();
			value += (byte & 0x7f) * 2 ** shift;
			if (byte < 0x80) return value;
		}
		throw new BinaryError('a number is too long');
	}
	text(): string {
		const size = this.u32();
		const start = this.at;
		this.at += size;
		if (this.at > this.#bytes.length) throw new BinaryError('ends early');
		return new TextDecoder().decode(this.#bytes.subarray(start, this.at));
	}
	limits(): Limits & { readonly flags: number } {
		const flags = this.byte();
		if (flags > 1) throw new BinaryError('shared and 64-bit memories are not supported');
		const initial = this.u32();
		return flags === 1 ? { flags, initial, maximum: this.u32() } : { flags, initial };
	}
}

export function leb(value: number): number[] {
	const bytes: number[] = [];
	let rest = value;
	do {
		const low = rest % 128;
		rest = Math.floor(rest / 128);
		bytes.push(rest > 0 ? low | 0x80 : low);
	} while (rest > 0);
	return bytes;
}

function importedMemory(reader: Reader): Limits | undefined {
	const count = reader.u32();
	for (let i = 0; i < count; i++) {
		const module = reader.text();
		const name = reader.text();
		switch (reader.byte()) {
			case 0: // function: type index
				reader.u32();
				break;
			case 1: // table: element type, limits
				reader.byte();
				reader.limits();
				break;
			case 2: {
				const limits = reader.limits();
				if (module === 'env' && name === 'memory') return limits;
				break;
			}
			case 3: // global: type, mutability
				reader.byte();
				reader.byte();
				break;
			default:
				return undefined;
		}
	}
	return undefined;
}

/**
 * Finds the module's memory and returns the bytes with its maximum lowered to `pages`.
 * A module that starts above the limit is left as it is; `own.initial` tells.
 */
export function limitMemory(bytes: Uint8Array, pages: number): { bytes: Uint8Array; memory: MemoryInfo } {
	let imported: Limits | undefined;
	for (let at = HEADER; at < bytes.length; ) {
		const reader = new Reader(bytes, at);
		const id = reader.byte();
		const size = reader.u32();
		const start = reader.at;
		if (id === IMPORT_SECTION) imported = importedMemory(reader);
		if (id === MEMORY_SECTION && reader.u32() > 0) {
			const own = reader.limits();
			const rest = bytes.subarray(reader.at, start + size);
			const count = bytes.subarray(start, start + 1);
			const maximum = Math.max(own.initial, Math.min(own.maximum ?? pages, pages));
			const body = [...count, 1, ...leb(own.initial), ...leb(maximum), ...rest];
			const section = [MEMORY_SECTION, ...leb(body.length), ...body];
			const limited = new Uint8Array(at + section.length + bytes.length - start - size);
			limited.set(bytes.subarray(0, at));
			limited.set(section, at);
			limited.set(bytes.subarray(start + size), at + section.length);
			return { bytes: limited, memory: { own: { initial: own.initial, maximum }, ...(imported && { imported }) } };
		}
		at = start + size;
	}
	return { bytes, memory: imported === undefined ? {} : { imported } };
}
