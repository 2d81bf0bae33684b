/** A guest's memory as WASI's functions see it: no address is trusted. */
import { bytesInside } from '../inside.js';
import { Errno } from './errno.js';

const IOVEC = 8;
const MAX_IOVECS = 1024;

export class GuestMemory {
	readonly #memory: () => Uint8Array;
	readonly #decoder = new TextDecoder('utf-8', { fatal: true });

	/** `memory` is asked at each call: it grows. */
	constructor(memory: () => Uint8Array) {
		this.#memory = memory;
	}

	/** Undefined: not inside. */
	bytes(address: number, size: number): Uint8Array | undefined {
		return bytesInside(this.#memory(), address, size);
	}

	view(address: number, size: number): DataView | undefined {
		const bytes = this.bytes(address, size);
		return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	/** Lets `run` write a result of `size` bytes; an errno. */
	put(address: number, size: number, run: (view: DataView) => void): number {
		const view = this.view(address, size);
		if (view === undefined) return Errno.FAULT;
		run(view);
		return Errno.SUCCESS;
	}

	/** An errno when it is not inside, or not UTF-8. */
	text(address: number, size: number): string | number {
		const bytes = this.bytes(address, size);
		if (bytes === undefined) return Errno.FAULT;
		try {
			return this.#decoder.decode(bytes);
		} catch {
			return Errno.INVAL;
		}
	}

	/** The parts that a vector names, or an errno; nothing is done if one of them is not inside. */
	vector(iovecs: number, count: number): Uint8Array[] | number {
		const many = count >>> 0;
		if (many > MAX_IOVECS) return Errno.INVAL;
		const list = this.view(iovecs, many * IOVEC);
		if (list === undefined) return Errno.FAULT;
		const parts: Uint8Array[] = [];
		for (let i = 0; i < many; i++) {
			const part = this.bytes(list.getUint32(i * IOVEC, true), list.getUint32(i * IOVEC + 4, true));
			if (part === undefined) return Errno.FAULT;
			parts.push(part);
		}
		return parts;
	}
}
