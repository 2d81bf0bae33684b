/** Streams of WASI 0.2. Nothing blocks: what there is to read is there. */
import type { LineStream } from '../lines.js';
import { WitError } from './host.js';

/** Most bytes of one `read` and one `write`. */
export const CHUNK = 65536n;

/** Everything has happened: see `poll` in ../wasi/preview1.ts. */
export class Pollable {
	ready(): boolean {
		return true;
	}
	block(): void {}
}

/** Over bytes that are there; standard input has none. */
export class InputStream {
	#rest: Uint8Array;

	constructor(bytes: Uint8Array = new Uint8Array(0)) {
		this.#rest = bytes;
	}

	#take(size: bigint): Uint8Array {
		if (this.#rest.length === 0) throw new WitError({ tag: 'closed' });
		const part = this.#rest.subarray(0, Number(size < CHUNK ? size : CHUNK));
		this.#rest = this.#rest.subarray(part.length);
		return part;
	}
	read(size: bigint): Uint8Array {
		return this.#take(size);
	}
	blockingRead(size: bigint): Uint8Array {
		return this.#take(size);
	}
	skip(size: bigint): bigint {
		return BigInt(this.#take(size).length);
	}
	blockingSkip(size: bigint): bigint {
		return this.skip(size);
	}
	subscribe(): Pollable {
		return new Pollable();
	}
}

/** Of lines in the log. */
export class OutputStream {
	readonly #lines: LineStream;
	constructor(lines: LineStream) {
		this.#lines = lines;
	}
	checkWrite(): bigint {
		return CHUNK;
	}
	write(bytes: Uint8Array): void {
		this.#lines.write(bytes);
	}
	blockingWriteAndFlush(bytes: Uint8Array): void {
		this.#lines.write(bytes);
	}
	flush(): void {}
	blockingFlush(): void {}
	writeZeroes(): void {}
	blockingWriteZeroesAndFlush(): void {}
	splice(): bigint {
		return 0n;
	}
	blockingSplice(): bigint {
		return 0n;
	}
	subscribe(): Pollable {
		return new Pollable();
	}
}
