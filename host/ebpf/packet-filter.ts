/**
 * Packet filters as eBPF: what libpcap makes of an expression (classic BPF) becomes the body of the function that GADGET_PF
 * declares (bpf/include/gadget/packetfilter.h).
 *
 * Loads read the packet's first part in place, and ask the kernel (bpf_skb_load_bytes) for what lies behind it. A tag of a VLAN, which
 * the kernel keeps beside the packet, is where it was on the wire for the filter.
 */
import { BpfCode, type Comparison, type Label, type Operand, type Operation, type Register, type Width } from './bpf-code.js';

/** struct sock_filter. */
export interface ClassicInstruction {
	readonly code: number;
	readonly jt: number;
	readonly jf: number;
	/** Unsigned. */
	readonly k: number;
}

/** What libpcap made of an expression, by link type; undefined: no packet of that link matches. */
export interface ClassicFilter {
	readonly ethernet: readonly ClassicInstruction[] | undefined;
	/** Of packets that begin with their IP header. */
	readonly raw: readonly ClassicInstruction[] | undefined;
}

/** skb->cb[1] of such packets: native/ig.h, ig_dispatcher_load. */
export const RAW_LINK = 1;

const BPF_SKB_LOAD_BYTES = 26;
/** Offsets in struct __sk_buff. */
const skb = { len: 0, vlanPresent: 20, vlanTci: 24, vlanProto: 28, link: 52, data: 76 };
/** Places in the frame of the function, from r10 down. `memory` has 16 words. */
const frame = { dataEnd: -8, before: -16, length: -24, loaded: -32, tag: -40, word: -48, memory: -112 };

/** The skb, the accumulator A, the index register X, and where the packet begins. r0 to r5 are free. */
const [SKB, A, X, DATA, FRAME]: readonly [Register, Register, Register, Register, Register] = [6, 7, 8, 9, 10];
/** What the verifier lets one add to a packet's address. */
const MOST_IN_PLACE = 0xff00;
const MOST_OFFSET = 0x7fffffff;
/** Of BPF_ALU. */
const operations: ReadonlyMap<number, Operation> = new Map([
	[0x00, 'add'],
	[0x10, 'sub'],
	[0x20, 'mul'],
	[0x30, 'div'],
	[0x40, 'or'],
	[0x50, 'and'],
	[0x60, 'lsh'],
	[0x70, 'rsh'],
	[0x80, 'neg'],
	[0x90, 'mod'],
	[0xa0, 'xor'],
]);
/** Of BPF_JMP. */
const comparisons: ReadonlyMap<number, Comparison> = new Map([
	[0x10, 'jeq'],
	[0x20, 'jgt'],
	[0x30, 'jge'],
	[0x40, 'jset'],
]);
const widths: ReadonlyMap<number, Width> = new Map([
	[0x00, 4],
	[0x08, 2],
	[0x10, 1],
]);
const TAG_AT = 12;
const TAG_SIZE = 4;

type Link = 'plain' | 'tagged';

class Converter {
	readonly code = new BpfCode();
	readonly #refuse: Label = {};

	/** @returns undefined: too long */
	convert(filter: ClassicFilter): Uint8Array | undefined {
		const { code } = this;
		const [raw, tagged, plain]: [Label, Label, Label] = [{}, {}, {}];
		this.#prologue();
		// A packet inside of another one has no tag, and looks like a frame to the filter.
		code.load(8, 1, FRAME, frame.before);
		code.jumpIf(1, 'jne', { value: 0 }, plain);
		code.load(4, 1, SKB, skb.link);
		code.jumpIf(1, 'jeq', { value: RAW_LINK }, raw);
		code.load(4, 1, SKB, skb.vlanPresent);
		code.jumpIf(1, 'jne', { value: 0 }, tagged);
		code.place(plain);
		this.#body(filter.ethernet, 'plain');
		code.place(tagged);
		if (filter.ethernet !== undefined) this.#keepTag();
		this.#body(filter.ethernet, 'tagged');
		code.place(raw);
		this.#body(filter.raw, 'plain');
		code.place(this.#refuse);
		code.constant(0, 0);
		code.exit();
		return code.finish();
	}

	/** Arguments: r1 the skb, r4 and r5 the packet's beginning and the end of its first part. */
	#prologue(): void {
		const { code } = this;
		code.alu('mov', SKB, { register: 1 });
		code.alu('mov', DATA, { register: 4 });
		code.store(8, FRAME, frame.dataEnd, 5);
		code.load(4, 1, SKB, skb.data);
		code.alu('sub', 4, { register: 1 });
		code.store(8, FRAME, frame.before, 4);
		code.load(4, 1, SKB, skb.len);
		code.alu('sub', 1, { register: 4 });
		code.store(8, FRAME, frame.length, 1);
		code.constant(A, 0);
		code.constant(X, 0);
		for (let at = 0; at < 64; at += 8) code.store(8, FRAME, frame.memory + at, A);
	}

	/** As it was on the wire: type and tag, in network order. */
	#keepTag(): void {
		const { code } = this;
		code.load(4, 1, SKB, skb.vlanProto);
		code.store(2, FRAME, frame.tag, 1);
		code.load(4, 1, SKB, skb.vlanTci);
		code.fromNetwork(1, 2);
		code.store(2, FRAME, frame.tag + 2, 1);
		code.load(8, 1, FRAME, frame.length);
		code.alu('add', 1, { value: TAG_SIZE });
		code.store(8, FRAME, frame.length, 1);
	}

	#body(instructions: readonly ClassicInstruction[] | undefined, link: Link): void {
		if (instructions === undefined) {
			this.code.jump(this.#refuse);
			return;
		}
		const labels: Label[] = instructions.map(() => ({}));
		for (const [i, instruction] of instructions.entries()) {
			this.code.place(labels[i] as Label);
			this.#instruction(instruction, link, (to) => labels[i + 1 + to] ?? this.#refuse);
		}
		// A filter ends with a return; a damaged one takes nothing.
		this.code.jump(this.#refuse);
	}

	#instruction({ code: operation, jt, jf, k }: ClassicInstruction, link: Link, label: (to: number) => Label): void {
		const { code } = this;
		const operand: Operand = (operation & 0x08) === 0 ? { value: k } : { register: X };
		switch (operation & 0x07) {
			case 0:
			case 1:
				this.#loadTo((operation & 0x07) === 0 ? A : X, operation, k, link);
				break;
			case 2:
			case 3:
				code.store(4, FRAME, memory(k), (operation & 0x07) === 2 ? A : X);
				break;
			case 4:
				this.#alu(operations.get(operation & 0xf0), operand);
				break;
			case 5: {
				const comparison = comparisons.get(operation & 0xf0);
				if (comparison !== undefined) code.jumpIf32(A, comparison, operand, label(jt));
				code.jump(label(comparison === undefined ? k : jf));
				break;
			}
			case 6:
				this.#return(operation, k);
				break;
			default:
				if ((operation & 0x80) === 0) code.alu32('mov', X, { register: A });
				else code.alu32('mov', A, { register: X });
		}
	}

	#return(operation: number, k: number): void {
		const { code } = this;
		if ((operation & 0x18) === 0x10) code.jumpIf32(A, 'jeq', { value: 0 }, this.#refuse);
		else if (k === 0) code.jump(this.#refuse);
		code.constant(0, 1);
		code.exit();
	}

	#alu(operation: Operation | undefined, operand: Operand): void {
		const { code } = this;
		const divides = operation === 'div' || operation === 'mod';
		const shifts = operation === 'lsh' || operation === 'rsh';
		const value = 'value' in operand ? operand.value : undefined;
		if (operation === undefined || (divides && value === 0)) code.jump(this.#refuse);
		else if (operation === 'neg') code.alu32('neg', A, { value: 0 });
		else if (shifts && value === undefined) this.#shift(operation);
		else if (shifts && (value ?? 0) > 31) code.constant(A, 0);
		else {
			if (divides && value === undefined) code.jumpIf32(X, 'jeq', { value: 0 }, this.#refuse);
			code.alu32(operation, A, operand);
		}
	}

	/** A shift by more than there are bits leaves nothing. */
	#shift(operation: Operation): void {
		const { code } = this;
		const [far, done]: [Label, Label] = [{}, {}];
		code.jumpIf32(X, 'jgt', { value: 31 }, far);
		code.alu32(operation, A, { register: X });
		code.jump(done);
		code.place(far);
		code.constant(A, 0);
		code.place(done);
	}

	#loadTo(to: Register, operation: number, k: number, link: Link): void {
		const { code } = this;
		const width = widths.get(operation & 0x18) ?? 4;
		switch (operation & 0xe0) {
			case 0x00:
				code.constant(to, k);
				break;
			case 0x20:
				this.#at(to, k, width, link);
				break;
			case 0x40:
				this.#behindX(to, k, width, link);
				break;
			case 0x60:
				code.load(4, to, FRAME, memory(k));
				break;
			case 0x80:
				code.load(8, to, FRAME, frame.length);
				code.alu32('mov', to, { register: to });
				break;
			case 0xa0:
				// The length of an IPv4 header.
				this.#at(to, k, 1, link);
				code.alu32('and', to, { value: 0xf });
				code.alu32('lsh', to, { value: 2 });
				break;
			default:
				code.jump(this.#refuse);
		}
	}

	/** Bytes at a fixed offset. */
	#at(to: Register, offset: number, width: Width, link: Link): void {
		const { code } = this;
		if (link === 'plain' || offset + width <= TAG_AT) this.#fixed(to, offset, width);
		else if (offset >= TAG_AT + TAG_SIZE) this.#fixed(to, offset - TAG_SIZE, width);
		else if (offset >= TAG_AT && offset + width <= TAG_AT + TAG_SIZE) {
			code.load(width, to, FRAME, frame.tag + offset - TAG_AT);
			code.fromNetwork(to, width);
		} else this.#bytewise(to, offset, width, link);
	}

	/** What lies partly in the tag. */
	#bytewise(to: Register, offset: number, width: Width, link: Link): void {
		const { code } = this;
		code.constant(0, 0);
		code.store(4, FRAME, frame.word, 0);
		for (let at = offset; at < offset + width; at++) {
			this.#at(0, at, 1, link);
			code.load(4, 1, FRAME, frame.word);
			code.alu32('lsh', 1, { value: 8 });
			code.alu32('or', 1, { register: 0 });
			code.store(4, FRAME, frame.word, 1);
		}
		code.load(4, to, FRAME, frame.word);
	}

	#fixed(to: Register, offset: number, width: Width): void {
		const { code } = this;
		const [inPlace, done]: [Label, Label] = [{}, {}];
		if (offset > MOST_OFFSET - width) {
			code.jump(this.#refuse);
			return;
		}
		const near = offset + width <= MOST_IN_PLACE;
		if (near) {
			code.alu('mov', 1, { register: DATA });
			code.alu('add', 1, { value: offset + width });
			code.load(8, 2, FRAME, frame.dataEnd);
			code.jumpIf(1, 'jle', { register: 2 }, inPlace);
		}
		code.constant(2, offset);
		this.#ask(to, width);
		if (near) {
			code.jump(done);
			code.place(inPlace);
			code.load(width, to, 1, -width);
			code.place(done);
		}
		code.fromNetwork(to, width);
	}

	/** Bytes at X and `offset`. */
	#behindX(to: Register, offset: number, width: Width, link: Link): void {
		const { code } = this;
		const [far, inPlace, done]: [Label, Label, Label] = [{}, {}, {}];
		if (offset > MOST_OFFSET) {
			code.jump(this.#refuse);
			return;
		}
		code.alu('mov', 2, { register: X });
		code.alu('add', 2, { value: offset });
		if (link === 'tagged') {
			const [behind, found]: [Label, Label] = [{}, {}];
			code.jumpIf(2, 'jge', { value: TAG_AT + TAG_SIZE }, behind);
			// Expressions do not look into the tag this way.
			code.jumpIf(2, 'jgt', { value: TAG_AT - width }, this.#refuse);
			code.jump(found);
			code.place(behind);
			code.alu('sub', 2, { value: TAG_SIZE });
			code.place(found);
		}
		code.jumpIf(2, 'jgt', { value: MOST_OFFSET }, this.#refuse);
		code.jumpIf(2, 'jgt', { value: MOST_IN_PLACE }, far);
		code.alu('mov', 1, { register: DATA });
		code.alu('add', 1, { register: 2 });
		code.alu('mov', 3, { register: 1 });
		code.alu('add', 3, { value: width });
		code.load(8, 4, FRAME, frame.dataEnd);
		code.jumpIf(3, 'jle', { register: 4 }, inPlace);
		code.place(far);
		this.#ask(to, width);
		code.jump(done);
		code.place(inPlace);
		code.load(width, to, 1, 0);
		code.place(done);
		code.fromNetwork(to, width);
	}

	/** Of the kernel: bytes at the offset in r2. */
	#ask(to: Register, width: Width): void {
		const { code } = this;
		code.load(8, 1, FRAME, frame.before);
		code.alu('add', 2, { register: 1 });
		code.alu('mov', 1, { register: SKB });
		code.alu('mov', 3, { register: FRAME });
		code.alu('add', 3, { value: frame.loaded });
		code.constant(4, width);
		code.call(BPF_SKB_LOAD_BYTES);
		code.jumpIf(0, 'jne', { value: 0 }, this.#refuse);
		code.load(width, to, FRAME, frame.loaded);
	}
}

function memory(word: number): number {
	return frame.memory + (word & 0xf) * 4;
}

/** The function's instructions, 8 bytes each; undefined: a jump would be too far. */
export function convertFilter(filter: ClassicFilter): Uint8Array | undefined {
	return new Converter().convert(filter);
}
