/** Reads and writes the numbers and names of WebAssembly's binary format (core specification 1.0, §5.2). */

/** Malformed, or of a shape that ig does not run. `message` completes "FILE: …". */
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
		if (byte === undefined) throw new BinaryError('is malformed: it ends early');
		return byte;
	}
	u32(): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			const byte = this.byte();
			value += (byte & 0x7f) * 2 ** shift;
			if (byte < 0x80) return value;
		}
		throw new BinaryError('is malformed: a number is too long');
	}
	/** Passes over a LEB128 of up to 64 bits. */
	skipNumber(): void {
		for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
		throw new BinaryError('is malformed: a number is too long');
	}
	skip(size: number): void {
		this.at += size;
		if (this.at > this.#bytes.length) throw new BinaryError('is malformed: it ends early');
	}
	text(): string {
		const size = this.u32();
		const start = this.at;
		this.skip(size);
		return new TextDecoder().decode(this.#bytes.subarray(start, this.at));
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
