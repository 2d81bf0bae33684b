/** Writes a recording, frame by frame, from the pipeline's thread. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Packr } from 'msgpackr';
import { crc32 } from '../ebpf/native.js';
import { IgError } from '../errors.js';
import { FORMAT_VERSION, FRAME_HEADER, MAGIC, type RecordedBatch, type RecordingEnd } from './format.js';

// Plain maps: a recording is read by other tools too, which do not know msgpackr's record extension.
const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

export class RecordingWriter {
	readonly #fd: number;
	readonly #path: string;
	readonly #head = new DataView(new ArrayBuffer(FRAME_HEADER));
	#batches = 0;
	#rows = 0;
	#lost = 0;

	/** Creates the file with mode 0600: it holds what was observed. `header` undefined: goes on with a file that a worker before began. */
	constructor(path: string, header: Readonly<Record<string, unknown>> | undefined) {
		this.#path = path;
		try {
			this.#fd = openSync(path, header === undefined ? 'a' : 'w', 0o600);
		} catch (cause) {
			throw this.#error(cause);
		}
		if (header === undefined) return;
		this.#write(MAGIC);
		this.#frame({ ...header, version: FORMAT_VERSION });
	}

	batch(batch: RecordedBatch): void {
		this.#frame(batch);
		this.#batches++;
		this.#rows += batch.rows;
		this.#lost += batch.lost;
	}

	end(): void {
		const end: RecordingEnd = { end: true, batches: this.#batches, rows: this.#rows, lost: this.#lost };
		this.#frame(end);
		closeSync(this.#fd);
	}

	#frame(value: unknown): void {
		const payload = packr.pack(value);
		this.#head.setUint32(0, payload.length, true);
		this.#head.setUint32(4, crc32(payload), true);
		this.#write(new Uint8Array(this.#head.buffer));
		this.#write(payload);
	}

	#write(bytes: Uint8Array): void {
		try {
			for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
		} catch (cause) {
			throw this.#error(cause);
		}
	}

	#error(cause: unknown): IgError {
		const { code = 'EIO' } = cause as NodeJS.ErrnoException;
		return new IgError('IG_RECORDING', { path: this.#path, reason: `cannot be written: ${code}` }, { cause });
	}
}
