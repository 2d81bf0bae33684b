/**
 * How much work and memory an engine's compiler may need for one function. Baseline compilers copy the state of all locals
 * and of the operand stack at every branch (V8's Liftoff: CacheState::Split and ::Steal), so a megabyte of branches over a
 * deep stack costs gigabytes, in a call that cannot be interrupted. Counted here, from the instructions alone.
 */
import { BinaryError } from './reader.js';

/** Parameters and results. */
export interface Arity {
	readonly params: number;
	readonly results: number;
}

export interface Signatures {
	/** Per type index. */
	readonly types: readonly Arity[];
	/** Type index per function index, imported ones first. */
	readonly functions: readonly number[];
}

const EMPTY_BLOCK = 0x40;
const NONE: Arity = { params: 0, results: 0 };
const ONE: Arity = { params: 0, results: 1 };

/** Immediates of instructions whose effect does not depend on them. */
const Shape = { Other: 0, None: 1, Number: 2, Memory: 3 } as const;
const shapes = new Uint8Array(256);
/** What such an instruction leaves on the operand stack less what it takes. */
const nets = new Int8Array(256);
/** First and last opcode, immediates, net (core specification, §5.4). */
const table: readonly (readonly [first: number, last: number, shape: number, net: number])[] = [
	...([
		[0x01, 0x01, 1, 0],
		[0x1a, 0x1a, 1, -1],
		[0x1b, 0x1b, 1, -2],
		[0x20, 0x20, 2, 1],
		[0x21, 0x21, 2, -1],
	] as const), // nop, drop, select, locals
	...([
		[0x22, 0x22, 2, 0],
		[0x23, 0x23, 2, 1],
		[0x24, 0x24, 2, -1],
		[0x25, 0x25, 2, 0],
		[0x26, 0x26, 2, -2],
	] as const), // globals, tables
	...([
		[0x28, 0x35, 3, 0],
		[0x36, 0x3e, 3, -2],
		[0x3f, 0x3f, 2, 1],
		[0x40, 0x40, 2, 0],
		[0x41, 0x42, 2, 1],
	] as const), // memory, constants
	...([
		[0x45, 0x45, 1, 0],
		[0x46, 0x4f, 1, -1],
		[0x50, 0x50, 1, 0],
		[0x51, 0x66, 1, -1],
		[0x67, 0x69, 1, 0],
	] as const), // numbers
	...([
		[0x6a, 0x78, 1, -1],
		[0x79, 0x7b, 1, 0],
		[0x7c, 0x8a, 1, -1],
		[0x8b, 0x91, 1, 0],
		[0x92, 0x98, 1, -1],
	] as const),
	...([
		[0x99, 0x9f, 1, 0],
		[0xa0, 0xa6, 1, -1],
		[0xa7, 0xc4, 1, 0],
	] as const),
	...([
		[0xd0, 0xd0, 2, 1],
		[0xd1, 0xd1, 1, 0],
		[0xd2, 0xd2, 2, 1],
	] as const), // references
];
for (const [first, last, shape, net] of table) {
	shapes.fill(shape, first, last + 1);
	nets.fill(net, first, last + 1);
}
/** Of 0xfc: how many index immediates follow, and the net. */
const bulk: readonly (readonly [immediates: number, net: number])[] = [
	...Array.from({ length: 8 }, () => [0, 0] as const),
	...([
		[2, -3],
		[1, 0],
		[2, -3],
		[1, -3],
		[2, -3],
		[1, 0],
		[2, -3],
		[1, -1],
		[1, 1],
		[1, -3],
	] as const),
];

/**
 * Locals and operands that the compiler copies over a function's body from `start` (behind the locals) to `end`. Stops
 * counting beyond `most`. @throws BinaryError an instruction that it does not know
 */
export function compileWork(
	bytes: Uint8Array,
	start: number,
	end: number,
	locals: number,
	{ types, functions }: Signatures,
	most: number,
): number {
	/** Per open block: height of the operand stack below its parameters, and its type. */
	const bases: number[] = [0];
	const arities: Arity[] = [NONE];
	let at = start;
	let base = 0;
	let height = 0;
	let work = 0;

	const number = (): number => {
		let value = 0;
		for (let scale = 1; ; scale *= 128) {
			const byte = bytes[at++] ?? 0;
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) return value;
			if (scale > 2 ** 63) throw new BinaryError('is malformed: a number is too long');
		}
	};
	const arityOf = (type: number | undefined): Arity => {
		const arity = type === undefined ? undefined : types[type];
		if (arity === undefined) throw new BinaryError('is malformed: it names a type that it does not have');
		return arity;
	};
	/** Behind a jump there are as many operands as anyone wants. */
	const move = (net: number): void => {
		height = Math.max(base, height + net);
	};
	const branch = (targets: number): void => {
		work += targets * (locals + height + 1);
	};
	const enter = (): void => {
		// A value type is a negative number of one byte, a type's index a positive one.
		const first = bytes[at] ?? 0;
		let arity = first === EMPTY_BLOCK ? NONE : ONE;
		if (first >= 0x40 && first < 0x80) at++;
		else arity = arityOf(number());
		branch(1);
		move(-arity.params);
		base = height;
		bases.push(base);
		arities.push(arity);
		height += arity.params;
	};
	const memoryArgument = (): void => {
		if (number() >= 64) throw new BinaryError('uses a second memory, which ig does not run');
		number();
	};
	/** What takes two and leaves one may be counted as taking one: never too little. */
	const vector = (): number => {
		const code = number();
		if (code === 12 || code === 13) at += 16;
		if (code >= 21 && code <= 34) at++;
		if (code <= 11 || (code >= 84 && code <= 93)) memoryArgument();
		if (code >= 84 && code <= 91) at++;
		if (code === 12) return 1;
		return code === 11 || (code >= 88 && code <= 91) ? -2 : code === 13 || (code >= 84 && code <= 87) ? -1 : 0;
	};

	while (at < end && work <= most) {
		const code = bytes[at++] ?? 0;
		const shape = shapes[code] ?? 0;
		if (shape !== Shape.Other) {
			if (shape === Shape.Memory) memoryArgument();
			else if (shape === Shape.Number) {
				if ((bytes[at++] ?? 0) >= 0x80) number();
			}
			const net = nets[code] ?? 0;
			height += net;
			if (height < base) height = base;
			continue;
		}
		switch (code) {
			case 0x02: // block
			case 0x03: // loop
			case 0x06: // try
				enter();
				break;
			case 0x04: // if
				move(-1);
				enter();
				break;
			case 0x05: // else
				height = base + (arities[arities.length - 1] as Arity).params;
				branch(1);
				break;
			case 0x07: // catch: a tag's parameters, at most those of any type
				number();
				height = base + types.reduce((largest, { params }) => Math.max(largest, params), 0);
				branch(1);
				break;
			case 0x19: // catch_all
				height = base;
				branch(1);
				break;
			case 0x18: // delegate
			case 0x0b: // end
				if (code === 0x18) number();
				if (bases.length <= 1) return work;
				height = (bases.pop() ?? 0) + (arities.pop() as Arity).results;
				base = bases[bases.length - 1] ?? 0;
				branch(1);
				break;
			case 0x08: // throw
			case 0x09: // rethrow
			case 0x0c: // br
				number();
				branch(1);
				height = base;
				break;
			case 0x0d: // br_if
				number();
				move(-1);
				branch(1);
				break;
			case 0x0e: {
				// br_table
				const targets = number() + 1;
				move(-1);
				branch(targets);
				for (let i = 0; i < targets && at < end; i++) number();
				height = base;
				break;
			}
			case 0x10: // call
			case 0x11: {
				// call_indirect
				const arity = arityOf(code === 0x10 ? functions[number()] : number());
				if (code === 0x11) {
					number();
					move(-1);
				}
				move(-arity.params);
				height += arity.results;
				break;
			}
			case 0x12: // return_call
			case 0x13: // return_call_indirect
				number();
				if (code === 0x13) number();
				height = base;
				break;
			case 0x00: // unreachable
			case 0x0f: // return
				height = base;
				break;
			case 0x1c: // select of types
				at += number();
				move(-2);
				break;
			case 0x43: // f32.const
			case 0x44: // f64.const
				at += code === 0x43 ? 4 : 8;
				height++;
				break;
			case 0xfc: {
				const [immediates, net] = bulk[number()] ?? [];
				if (immediates === undefined || net === undefined) throw new BinaryError('has an instruction that ig does not know');
				for (let i = 0; i < immediates; i++) number();
				move(net);
				break;
			}
			case 0xfd:
				move(vector());
				break;
			case 0xfe: // atomics; 3 is a fence
				if (number() === 3) at++;
				else memoryArgument();
				break;
			default:
				throw new BinaryError(`has an instruction that ig does not know (0x${code.toString(16)})`);
		}
	}
	return work;
}
