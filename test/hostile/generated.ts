/** Hostile modules that are large because somebody repeats something: made here instead of being kept as text. */
import { leb } from '../../host/operator/reader.js';
import { watOperator, watToWasm } from '../support/wat.js';

function section(id: number, ...parts: readonly Uint8Array[]): Uint8Array {
	const contents = Buffer.concat(parts);
	return Buffer.concat([Buffer.from([id, ...leb(contents.length)]), contents]);
}

function repeat(bytes: readonly number[], times: number): Uint8Array {
	return Buffer.alloc(bytes.length * times, Buffer.from(bytes));
}

/**
 * A module of one function, which nobody calls: its type as bytes, its groups of locals, its instructions. Compiling it is all that
 * it wants.
 */
function bomb(type: Uint8Array, locals: readonly number[], ...instructions: readonly Uint8Array[]): Uint8Array {
	const body = Buffer.concat([Buffer.from(locals), ...instructions, Buffer.from([0x0b])]);
	return Buffer.concat([
		Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
		section(1, Buffer.from([2, 0x60, 0, 0]), type),
		section(3, Buffer.from([1, 0])),
		section(10, Buffer.from([1, ...leb(body.length)]), body),
	]);
}

const NOTHING = Buffer.from([0x60, 0, 0]);
const I32 = 0x7f;
const CONSTANT = [0x41, 0];
const DROP = [0x1a];
/** A loop that ends at once: the compiler keeps a copy of all that is on the stack. */
const LOOP = [0x03, 0x40, 0x0b];

/** 50,000 loops over a stack of 50,000 values: 40 GB in V8's baseline compiler. */
export const stackBomb = (): Uint8Array => bomb(NOTHING, [0], repeat(CONSTANT, 50_000), repeat(LOOP, 50_000), repeat(DROP, 50_000));

/** The same with 50,000 locals, the most that an engine allows. */
export const localsBomb = (): Uint8Array => bomb(NOTHING, [1, ...leb(50_000), I32], repeat(LOOP, 50_000));

/** A million blocks that each take and give back a thousand values: 20 GB while V8 validates it. */
export function valuesBomb(): Uint8Array {
	const thousand = Buffer.from([...leb(1000), ...Array<number>(1000).fill(I32)]);
	const type = Buffer.concat([Buffer.from([0x60]), thousand, thousand]);
	return bomb(type, [0], repeat(CONSTANT, 1000), repeat([0x02, 1, 0x0b], 1_000_000), repeat(DROP, 1000));
}

export const largeFunction = (): Uint8Array => bomb(NOTHING, [0], repeat([0x01], 2 << 20));

export const manyFunctions = (): Uint8Array => watToWasm(watOperator({ more: '(func)'.repeat(100_000) }));

/** 100,000 blocks, one in the other: deep, but no work. */
export const deepBlocks = (): Uint8Array => bomb(NOTHING, [0], repeat([0x02, 0x40], 100_000), repeat([0x0b], 100_000));

/** Segments that fill all of its memory. */
export const hugeData = (): Uint8Array =>
	watToWasm(watOperator({ more: `(data (i32.const 60000) "${'x'.repeat(4000)}") (data "${'x'.repeat(12 << 20)}")` }));

/** As many exports of one function. */
export const manyExports = (): Uint8Array =>
	watToWasm(watOperator({ more: `(func $f) ${Array.from({ length: 20_000 }, (_, i) => `(export "f${i}" (func $f))`).join(' ')}` }));
