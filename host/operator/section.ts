/**
 * Custom sections of a WebAssembly file. Core modules and components alike are a header of 8 bytes and then sections of id, size,
 * contents (WebAssembly core specification 1.0, §5.5; component model, Binary.md).
 */
import { BinaryError, leb, Reader } from './reader.js';

const HEADER = 8;
const CUSTOM = 0;
export const MANIFEST_SECTION = 'ig.manifest';

/** Whether it is a WebAssembly binary: a core module or a component. */
export function isWasm(bytes: Uint8Array): boolean {
	return bytes.length >= HEADER && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** Whether a binary is a component: layer 1 in its header, where core modules have 0. */
export function isComponent(bytes: Uint8Array): boolean {
	return isWasm(bytes) && bytes[6] === 1 && bytes[7] === 0;
}

interface Custom {
	readonly name: string;
	readonly contents: Uint8Array;
	/** Of the whole section, id and size included. */
	readonly from: number;
	readonly to: number;
}

function* customs(bytes: Uint8Array): Generator<Custom> {
	for (let from = HEADER; from < bytes.length; ) {
		const reader = new Reader(bytes, from);
		const id = reader.byte();
		const size = reader.u32();
		const to = reader.at + size;
		if (to > bytes.length) throw new BinaryError('is malformed: it ends early');
		if (id === CUSTOM) {
			const name = reader.text();
			if (reader.at <= to) yield { name, contents: bytes.subarray(reader.at, to), from, to };
		}
		from = to;
	}
}

/** Contents of the first custom section of that name. @throws BinaryError */
export function customSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
	for (const custom of customs(bytes)) if (custom.name === name) return custom.contents;
	return undefined;
}

/** The file with one custom section of that name, in the place of any that it had. @throws BinaryError */
export function withCustomSection(bytes: Uint8Array, name: string, contents: Uint8Array): Uint8Array {
	const kept: Uint8Array[] = [];
	let at = 0;
	for (const custom of customs(bytes)) {
		if (custom.name !== name) continue;
		kept.push(bytes.subarray(at, custom.from));
		at = custom.to;
	}
	kept.push(bytes.subarray(at));
	const title = new TextEncoder().encode(name);
	const size = leb(title.length);
	const section = [CUSTOM, ...leb(size.length + title.length + contents.length), ...size];
	return new Uint8Array(Buffer.concat([...kept, Uint8Array.from(section), title, contents]));
}
