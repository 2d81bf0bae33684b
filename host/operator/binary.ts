/**
 * What the WebAssembly JavaScript API does not tell (type reflection is not in Node 20 to 26) and cannot bound: memory, tables,
 * and the work of compiling. Read from the binary, and bounded by rewriting its sections. Core specification 1.0, §5.5.
 */
import { BinaryError, leb, Reader } from './reader.js';
import { type Arity, compileWork } from './work.js';

const HEADER = 8;
const Section = { Type: 1, Import: 2, Function: 3, Table: 4, Memory: 5, Code: 10 } as const;

/** Largest function body, bytes. The largest in programs as big as a JavaScript engine has 135,000. */
const MOST_BODY = 1 << 20;
/** Locals and operands that compiling one function may copy (`work.ts`), 16 bytes each. Real ones need some 100,000. */
const MOST_WORK = 30_000_000;
/** The same for the values that branches of all functions together may carry, if every instruction were a branch. */
const MOST_CARRIED = 400_000_000;

export interface Limits {
	readonly initial: number;
	readonly maximum?: number;
}

export interface Bounds {
	/** 64 KiB pages. */
	readonly pages: number;
	/** Elements of all tables together. */
	readonly elements: number;
	/** Its code is not looked at: it is ours, or was looked at before. */
	readonly trusted?: boolean;
}

export interface Bounded {
	/** The binary with its maxima lowered to the bounds. What starts above them is left as it is; the figures below tell. */
	readonly bytes: Uint8Array;
	/** The memory that the module imports as `env.memory`, pages. */
	readonly imported?: Limits;
	/** The module's own memory, pages. */
	readonly own?: Limits;
	/** Elements that its tables start with. */
	readonly elements: number;
}

function readLimits(reader: Reader): Limits {
	const flags = reader.byte();
	if (flags > 1) throw new BinaryError('has a shared or 64-bit memory or table, which ig does not run');
	const initial = reader.u32();
	return flags === 1 ? { initial, maximum: reader.u32() } : { initial };
}

function writeLimits({ initial, maximum }: Limits): number[] {
	return maximum === undefined ? [0, ...leb(initial)] : [1, ...leb(initial), ...leb(maximum)];
}

/** Value types of one byte: numbers, vectors, functions, externals. Others come with garbage collection, whose memory nothing here bounds. */
function valueTypes(reader: Reader): number {
	const count = reader.u32();
	for (let i = 0; i < count; i++) {
		const type = reader.byte();
		if (!((type >= 0x7b && type <= 0x7f) || type === 0x70 || type === 0x6f)) throw new BinaryError('has types that ig does not run');
	}
	return count;
}

function readTypes(reader: Reader): Arity[] {
	const types: Arity[] = [];
	for (let count = reader.u32(); count > 0; count--) {
		if (reader.byte() !== 0x60) throw new BinaryError('has types other than functions (garbage collection), which ig does not run');
		const params = valueTypes(reader);
		types.push({ params, results: valueTypes(reader) });
	}
	return types;
}

/** Bounds a module while its sections go by, in their order. */
class Bounder {
	imported: Limits | undefined;
	own: Limits | undefined;
	elements = 0;
	readonly #bounds: Bounds;
	#types: readonly Arity[] = [];
	/** Type per function. */
	readonly #functions: number[] = [];
	#importedFunctions = 0;

	constructor(bounds: Bounds) {
		this.#bounds = bounds;
	}

	/** The section's new contents; undefined: it stays. `reader` is at its first byte. */
	section(id: number, reader: Reader, bytes: Uint8Array, end: number): number[] | undefined {
		switch (id) {
			case Section.Type:
				this.#types = readTypes(reader);
				return undefined;
			case Section.Import:
				this.#imports(reader);
				return undefined;
			case Section.Function:
				for (let count = reader.u32(); count > 0; count--) this.#functions.push(reader.u32());
				return undefined;
			case Section.Table:
				return this.#tables(reader);
			case Section.Memory:
				return this.#memory(reader);
			case Section.Code:
				if (this.#bounds.trusted !== true) this.#code(reader, bytes, end);
				return undefined;
			default:
				return undefined;
		}
	}

	#imports(reader: Reader): void {
		for (let count = reader.u32(); count > 0; count--) {
			const module = reader.text();
			const name = reader.text();
			switch (reader.byte()) {
				case 0: // function: type index
					this.#functions.push(reader.u32());
					this.#importedFunctions++;
					break;
				case 1: // table: element type, limits. There is none to import: the loader says so.
					reader.byte();
					readLimits(reader);
					break;
				case 2: {
					const limits = readLimits(reader);
					if (this.imported !== undefined) throw new BinaryError('imports more than one memory');
					if (module === 'env' && name === 'memory') this.imported = limits;
					break;
				}
				case 3: // global: type, mutability
					reader.skip(2);
					break;
				case 4: // tag: attribute, type index
					reader.byte();
					reader.u32();
					break;
				default:
					throw new BinaryError('is malformed: it has an import of an unknown kind');
			}
		}
	}

	#tables(reader: Reader): number[] {
		const tables: { type: number; limits: Limits }[] = [];
		for (let count = reader.u32(); count > 0; count--) {
			const type = reader.byte();
			if (type !== 0x70 && type !== 0x6f) throw new BinaryError('has a table of a kind that ig does not run');
			tables.push({ type, limits: readLimits(reader) });
		}
		this.elements = tables.reduce((sum, { limits }) => sum + limits.initial, 0);
		const share = Math.max(0, Math.floor((this.#bounds.elements - this.elements) / tables.length));
		return [
			...leb(tables.length),
			...tables.flatMap(({ type, limits: { initial, maximum = Number.POSITIVE_INFINITY } }) => [
				type,
				...writeLimits({ initial, maximum: Math.min(maximum, initial + share) }),
			]),
		];
	}

	#memory(reader: Reader): number[] | undefined {
		const count = reader.u32();
		if (count === 0) return undefined;
		if (count > 1 || this.imported !== undefined) throw new BinaryError('has more than one memory, which ig does not run');
		const { initial, maximum = this.#bounds.pages } = readLimits(reader);
		this.own = { initial, maximum: Math.max(initial, Math.min(maximum, this.#bounds.pages)) };
		return [1, ...writeLimits(this.own)];
	}

	#code(reader: Reader, bytes: Uint8Array, end: number): void {
		const arity = this.#types.reduce((most, { params, results }) => Math.max(most, params + results), 0);
		if (((end - reader.at) / 2) * arity > MOST_CARRIED) throw new BinaryError('passes too many values around to be compiled');
		const count = reader.u32();
		for (let i = 0; i < count; i++) {
			const size = reader.u32();
			const bodyEnd = reader.at + size;
			let locals = this.#types[this.#functions[this.#importedFunctions + i] ?? -1]?.params ?? 0;
			for (let groups = reader.u32(); groups > 0; groups--) {
				locals += reader.u32();
				reader.byte();
			}
			// At worst every third byte is a branch, over as much as half of the function pushed before.
			if ((size / 3) * (locals + arity + size / 8) > MOST_WORK) this.#heavy(bytes, reader.at, bodyEnd, locals, i);
			reader.at = bodyEnd;
			reader.skip(0);
		}
	}

	#heavy(bytes: Uint8Array, start: number, end: number, locals: number, index: number): void {
		const name = `function ${this.#importedFunctions + index}`;
		if (end - start > MOST_BODY)
			throw new BinaryError(`has a function of more than ${MOST_BODY} bytes, which ig does not compile (${name})`);
		const work = compileWork(bytes, start, end, locals, { types: this.#types, functions: this.#functions }, MOST_WORK);
		if (work > MOST_WORK) throw new BinaryError(`has a function with too many branches over too many values to be compiled (${name})`);
	}
}

/** In memory of its own, copied once: there are binaries of many megabytes. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** What a module starts with. Its code is not looked at. @throws BinaryError */
export function measureModule(bytes: Uint8Array): Omit<Bounded, 'bytes'> {
	const { parts: _, ...measures } = bound(bytes, { pages: 0, elements: 0, trusted: true });
	return measures;
}

/**
 * Reads and bounds a binary, which need not be valid: the engine's own validation comes afterwards.
 * @throws BinaryError it has what cannot be bounded
 */
export function boundModule(bytes: Uint8Array, bounds: Bounds): Bounded {
	const { parts, ...measures } = bound(bytes, bounds);
	return { ...measures, bytes: parts.length === 1 ? bytes : joined(parts) };
}

/** `parts`: the bounded binary, piece by piece; one piece: it is as it was. */
function bound(bytes: Uint8Array, bounds: Bounds): Omit<Bounded, 'bytes'> & { readonly parts: readonly Uint8Array[] } {
	const bounder = new Bounder(bounds);
	const parts: Uint8Array[] = [];
	let kept = 0;
	for (let at = HEADER; at < bytes.length; ) {
		const reader = new Reader(bytes, at);
		const id = reader.byte();
		const size = reader.u32();
		const start = reader.at;
		const end = start + size;
		if (end > bytes.length) throw new BinaryError('is malformed: it ends early');
		const contents = bounder.section(id, reader, bytes, end);
		if (contents !== undefined) {
			// Nothing is lost of a section with more bytes than it should have: the engine refuses it, here as before.
			const rest = bytes.subarray(reader.at, end);
			parts.push(bytes.subarray(kept, at), Uint8Array.from([id, ...leb(contents.length + rest.length), ...contents]), rest);
			kept = end;
		}
		at = end;
	}
	const { imported, own, elements } = bounder;
	return {
		parts: [...parts, bytes.subarray(kept)],
		elements,
		...(imported && { imported }),
		...(own && { own }),
	};
}
