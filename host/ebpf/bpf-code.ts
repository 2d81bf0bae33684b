/** Writes eBPF instructions: those that packet filters need. Jumps go forward to labels; what nothing leads to is left out, as kernels refuse it. */

/** r0 … r10. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
/** Bytes that a load or store moves. */
export type Width = 1 | 2 | 4 | 8;
/** A place that code goes on at; one object per place. */
export type Label = { at?: number };

const CLASS = { ld: 0x00, ldx: 0x01, stx: 0x03, alu: 0x04, jmp: 0x05, jmp32: 0x06, alu64: 0x07 };
const MEM = 0x60;
const REGISTER = 0x08;
const sizes: Readonly<Record<Width, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
const operations = {
	...{ add: 0x00, sub: 0x10, mul: 0x20, div: 0x30, or: 0x40, and: 0x50, lsh: 0x60, rsh: 0x70, neg: 0x80, mod: 0x90, xor: 0xa0, mov: 0xb0 },
};
const comparisons = { jeq: 0x10, jgt: 0x20, jge: 0x30, jset: 0x40, jne: 0x50, jlt: 0xa0, jle: 0xb0 };
const [BIG_ENDIAN, JUMP, CALL, EXIT] = [0xdc, 0x05, 0x85, 0x95];

export type Operation = keyof typeof operations;
export type Comparison = keyof typeof comparisons;
/** What an instruction works with. */
export type Operand = { readonly register: Register } | { readonly value: number };

export class BpfCode {
	readonly #code: number[][] = [];
	readonly #jumps = new Map<number, Label>();

	/** On 32 bits: the upper half of `to` becomes 0. */
	alu32(operation: Operation, to: Register, by: Operand): void {
		this.#alu(CLASS.alu, operation, to, by);
	}

	alu(operation: Operation, to: Register, by: Operand): void {
		this.#alu(CLASS.alu64, operation, to, by);
	}

	/** From network order, of the lowest `width` bytes; the others become 0. */
	fromNetwork(to: Register, width: Width): void {
		if (width > 1) this.#put(BIG_ENDIAN, to, 0, 0, width * 8);
	}

	/** The upper bytes of `to` become 0. */
	load(width: Width, to: Register, from: Register, offset: number): void {
		this.#put(CLASS.ldx | MEM | sizes[width], to, from, offset, 0);
	}

	store(width: Width, to: Register, offset: number, from: Register): void {
		this.#put(CLASS.stx | MEM | sizes[width], to, from, offset, 0);
	}

	/** Any number of 32 bits, without its sign. */
	constant(to: Register, value: number): void {
		this.alu32('mov', to, { value });
	}

	call(helper: number): void {
		this.#put(CALL, 0, 0, 0, helper);
	}

	exit(): void {
		this.#put(EXIT, 0, 0, 0, 0);
	}

	jump(to: Label): void {
		this.#jump(JUMP, 0, 0, { value: 0 }, to);
	}

	/** Compares 64 bits, `value` with its sign. */
	jumpIf(left: Register, comparison: Comparison, right: Operand, to: Label): void {
		this.#jump(CLASS.jmp, comparisons[comparison], left, right, to);
	}

	/** Compares the lower halves. */
	jumpIf32(left: Register, comparison: Comparison, right: Operand, to: Label): void {
		this.#jump(CLASS.jmp32, comparisons[comparison], left, right, to);
	}

	/** `to` is here. */
	place(to: Label): void {
		to.at = this.#code.length;
	}

	/** The instructions, 8 bytes each; undefined when a jump is too far for one. */
	finish(): Uint8Array | undefined {
		const places = this.#places();
		const bytes = new Uint8Array(places.size * 8);
		const view = new DataView(bytes.buffer);
		for (const [i, at] of places) {
			const [code = 0, registers = 0, offset = 0, value = 0] = this.#code[i] ?? [];
			const target = this.#jumps.get(i);
			const distance = target === undefined ? offset : (places.get(target.at ?? 0) ?? at) - at - 1;
			if (target !== undefined && (distance < 0 || distance > 0x7fff)) return undefined;
			view.setUint8(at * 8, code);
			view.setUint8(at * 8 + 1, registers);
			view.setInt16(at * 8 + 2, distance, true);
			view.setInt32(at * 8 + 4, value, true);
		}
		return bytes;
	}

	/** Where the instructions go that can be reached. */
	#places(): Map<number, number> {
		const reached = new Set([0]);
		const places = new Map<number, number>();
		for (const [i, [code]] of this.#code.entries()) {
			if (!reached.has(i)) continue;
			places.set(i, places.size);
			const target = this.#jumps.get(i);
			if (target?.at !== undefined) reached.add(target.at);
			if (code !== EXIT && code !== JUMP) reached.add(i + 1);
		}
		return places;
	}

	#alu(kind: number, operation: Operation, to: Register, by: Operand): void {
		if ('register' in by) this.#put(kind | operations[operation] | REGISTER, to, by.register, 0, 0);
		else this.#put(kind | operations[operation], to, 0, 0, by.value);
	}

	#jump(kind: number, comparison: number, left: Register, right: Operand, to: Label): void {
		this.#jumps.set(this.#code.length, to);
		if ('register' in right) this.#put(kind | comparison | REGISTER, left, right.register, 0, 0);
		else this.#put(kind | comparison, left, 0, 0, right.value);
	}

	#put(code: number, to: Register, from: Register, offset: number, value: number): void {
		this.#code.push([code, to | (from << 4), offset, value | 0]);
	}
}
