/** Where formatted bytes go: a file descriptor, written whole and in order, in the pipeline's thread. */
import { writeSync } from 'node:fs';
import { waitWritable } from '../ebpf/native.js';

/** The reader went away (EPIPE): a normal end. */
export class OutputClosed extends Error {}
/** The bytes could not be written; `code` is the system's (ENOSPC, EIO …). */
export class OutputError extends Error {
	readonly code: string;
	constructor(code: string, cause: unknown) {
		super(code, { cause });
		this.code = code;
	}
}

export class Sink {
	readonly #fd: number;
	constructor(fd: number) {
		this.#fd = fd;
	}

	/** Blocks until all bytes are taken. @throws OutputClosed, OutputError */
	write(bytes: Uint8Array): void {
		let at = 0;
		while (at < bytes.length) {
			try {
				at += writeSync(this.#fd, bytes, at, bytes.length - at);
			} catch (cause) {
				const code = (cause as NodeJS.ErrnoException).code ?? 'EIO';
				// Another process may have made the terminal or pipe non-blocking.
				if (code === 'EAGAIN') waitWritable(this.#fd, 100);
				else if (code === 'EPIPE') throw new OutputClosed('EPIPE', { cause });
				else if (code !== 'EINTR') throw new OutputError(code, cause);
			}
		}
	}
}
