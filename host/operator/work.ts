/**
 * How much work and memory an engine's compiler may need for one function. Baseline compilers copy the state of all locals
 * and of the operand stack at every branch (V8's Liftoff: CacheState::Split and ::Steal), so a megabyte of branches over a
 * deep stack costs gigabytes, in a call that cannot be interrupted. Counted here, from the instructions alone.
 */
import { BinaryError, type Reader } from './reader.js';

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

interface Frame {
	/** Height of the operand stack below the block's parameters. */
	readonly base: number;
	readonly arity: Arity;
}

const NONE: Arity = { params: 0, results: 0 };
const ONE: Arity = { params: 0, results: 1 };
const EMPTY_BLOCK = 0x40;

/** What each plain instruction leaves on the stack less what it takes, by first and last opcode (§5.4). */
const plain: readonly (readonly [first: number, last: number, net: number])[] = [
	...([
		[0x45, 0x45, 0],
		[0x46, 0x4f, -1],
		[0x50, 0x50, 0],
		[0x51, 0x66, -1],
		[0x67, 0x69, 0],
		[0x6a, 0x78, -1],
	] as const),
	...([
		[0x79, 0x7b, 0],
		[0x7c, 0x8a, -1],
		[0x8b, 0x91, 0],
		[0x92, 0x98, -1],
		[0x99, 0x9f, 0],
		[0xa0, 0xa6, -1],
	] as const),
	[0xa7, 0xc4, 0],
];
const nets = new Int8Array(256);
const isPlain = new Uint8Array(256);
for (const [first, last, net] of plain) {
	nets.fill(net, first, last + 1);
	isPlain.fill(1, first, last + 1);
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

function memoryArgument(reader: Reader): void {
	if (reader.u32() >= 64) throw new BinaryError('uses a second memory');
	reader.skipNumber();
}

/** Vector instructions (0xfd). What takes two and leaves one may be counted as taking one: never too little. */
function vector(reader: Reader): number {
	const code = reader.u32();
	if (code <= 11 || (code >= 84 && code <= 93)) {
		memoryArgument(reader);
		if (code >= 84 && code <= 91) reader.byte();
		return code === 11 || (code >= 88 && code <= 91) ? -2 : code >= 84 && code <= 87 ? -1 : 0;
	}
	if (code === 12 || code === 13) {
		reader.skip(16);
		return code === 12 ? 1 : -1;
	}
	if (code >= 21 && code <= 34) reader.byte();
	return 0;
}

/**
 * Locals and operands that the compiler copies over the whole of a function's body, which `reader` is at (behind the
 * locals). Stops counting beyond `most`. @throws BinaryError an instruction that it does not know
 */
export function compileWork(reader: Reader, end: number, locals: number, { types, functions }: Signatures, most: number): number {
	const frames: Frame[] = [{ base: 0, arity: NONE }];
	let height = 0;
	let work = 0;
	const arityOf = (type: number | undefined): Arity => {
		const arity = type === undefined ? undefined : types[type];
		if (arity === undefined) throw new BinaryError('is malformed: it names a type that it does not have');
		return arity;
	};
	const top = (): Frame => frames[frames.length - 1] as Frame;
	const take = (count: number): void => {
		// Behind a jump there are as many operands as anyone wants.
		height = Math.max(top().base, height - count);
	};
	const branch = (targets = 1): void => {
		work += targets * (locals + height + 1);
	};
	const blockType = (): Arity => {
		const at = reader.at;
		const first = reader.byte();
		if (first === EMPTY_BLOCK) return NONE;
		// A value type is a negative number of one byte, a type's index a positive one.
		if (first >= 0x40 && first < 0x80) return ONE;
		reader.at = at;
		return arityOf(reader.u32());
	};
	const enter = (): void => {
		const arity = blockType();
		branch();
		take(arity.params);
		frames.push({ base: height, arity });
		height += arity.params;
	};
	const call = (arity: Arity): void => {
		take(arity.params);
		height += arity.results;
	};
	const jump = (): void => {
		height = top().base;
	};

	while (reader.at < end && work <= most) {
		const code = reader.byte();
		if (isPlain[code] === 1) {
			const net = nets[code] ?? 0;
			if (net < 0) take(-net);
			continue;
		}
		if (code >= 0x28 && code <= 0x3e) {
			memoryArgument(reader);
			if (code >= 0x36) take(2);
			continue;
		}
		switch (code) {
			case 0x00: // unreachable
			case 0x0f: // return
				jump();
				break;
			case 0x01:
				break;
			case 0x02: // block
			case 0x03: // loop
			case 0x06: // try
				enter();
				break;
			case 0x04: // if
				take(1);
				enter();
				break;
			case 0x07: // catch: a tag's parameters, at most those of any type
				reader.u32();
				height = top().base + Math.max(...types.map(({ params }) => params));
				branch();
				break;
			case 0x05: // else
			case 0x19: // catch_all
				height = top().base + (code === 0x05 ? top().arity.params : 0);
				branch();
				break;
			case 0x18: // delegate
			case 0x0b: {
				// end
				if (code === 0x18) reader.u32();
				const frame = frames.pop();
				if (frame === undefined || frames.length === 0) return work;
				height = frame.base + frame.arity.results;
				branch();
				break;
			}
			case 0x08: // throw
			case 0x09: // rethrow
			case 0x0c: // br
				reader.u32();
				branch();
				jump();
				break;
			case 0x0d: // br_if
				reader.u32();
				take(1);
				branch();
				break;
			case 0x0e: {
				// br_table
				const targets = reader.u32();
				take(1);
				for (let i = 0; i <= targets; i++) reader.skipNumber();
				branch(targets + 1);
				jump();
				break;
			}
			case 0x10: // call
				call(arityOf(functions[reader.u32()]));
				break;
			case 0x11: {
				// call_indirect
				const arity = arityOf(reader.u32());
				reader.u32();
				take(1);
				call(arity);
				break;
			}
			case 0x12: // return_call
				reader.u32();
				jump();
				break;
			case 0x13: // return_call_indirect
				reader.u32();
				reader.u32();
				jump();
				break;
			case 0x1a: // drop
				take(1);
				break;
			case 0x1c: {
				// select of types
				const count = reader.u32();
				reader.skip(count);
				take(2);
				break;
			}
			case 0x1b:
				take(2);
				break;
			case 0x20: // local.get
			case 0x23: // global.get
			case 0xd0: // ref.null
			case 0xd2: // ref.func
			case 0x41: // i32.const
			case 0x42: // i64.const
				reader.skipNumber();
				height++;
				break;
			case 0x21: // local.set
			case 0x24: // global.set
				reader.u32();
				take(1);
				break;
			case 0x22: // local.tee
			case 0x25: // table.get
				reader.u32();
				break;
			case 0x26: // table.set
				reader.u32();
				take(2);
				break;
			case 0x3f: // memory.size
				reader.byte();
				height++;
				break;
			case 0x40: // memory.grow
				reader.byte();
				break;
			case 0x43: // f32.const
			case 0x44: // f64.const
				reader.skip(code === 0x43 ? 4 : 8);
				height++;
				break;
			case 0xd1: // ref.is_null
				break;
			case 0xfc: {
				const [immediates, net] = bulk[reader.u32()] ?? [];
				if (immediates === undefined || net === undefined) throw new BinaryError('has an instruction that ig does not know');
				for (let i = 0; i < immediates; i++) reader.u32();
				if (net < 0) take(-net);
				else height += net;
				break;
			}
			case 0xfd: {
				const net = vector(reader);
				if (net < 0) take(-net);
				else height += net;
				break;
			}
			case 0xfe: // atomics; 3 is a fence
				if (reader.u32() === 3) reader.byte();
				else memoryArgument(reader);
				break;
			default:
				throw new BinaryError(`has an instruction that ig does not know (0x${code.toString(16)})`);
		}
	}
	return work;
}
