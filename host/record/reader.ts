/** Reads a recording frame by frame. What it reads is hostile: sizes, checksums and shapes are checked before use. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Unpackr } from 'msgpackr';
import { z } from 'zod';
import { crc32 } from '../ebpf/native.js';
import { IgError } from '../errors.js';
import { FORMAT_VERSION, FRAME_HEADER, MAGIC, MAX_FRAME, type RecordedBatch, type RecordingEnd, type RecordingHeader } from './format.js';

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'bigint' });

const count = z.union([z.int().min(0), z.bigint().transform(Number)]);
const time = z.union([z.bigint(), z.int().transform(BigInt)]);
const bytes = z.instanceof(Uint8Array);
const field = z.object({
	id: z.int().min(0),
	name: z.string(),
	kind: z.int().min(0),
	offset: z.int().min(0),
	size: z.int().min(0),
	flags: z.int().min(0),
	parent: z.int().min(-1),
	slot: z.int().min(-1).max(255),
	tags: z.array(z.string()),
	annotations: z.record(z.string(), z.string()),
	order: z.int(),
});
const dataSource = z
	.object({
		name: z.string(),
		type: z.enum(['single', 'array']),
		recordSize: z
			.int()
			.min(0)
			.max(1 << 24),
		fields: z.array(field).max(4096),
		annotations: z.record(z.string(), z.string()),
		tags: z.array(z.string()),
		slots: z.int().min(0).max(256),
	})
	.refine(
		({ fields, recordSize, slots }) =>
			fields.every(
				({ id, offset, size, parent, slot }, i) => id === i && offset + size <= recordSize && parent < fields.length && slot < slots,
			),
		'fields outside of the record',
	);
const header = z.object({
	version: z.int(),
	ig: z.string(),
	created: z.string(),
	gadget: z.object({ name: z.string(), digest: z.string().optional() }),
	host: z.object({ kernel: z.string(), arch: z.string(), interfaces: z.string().optional() }),
	dataSources: z.array(dataSource).min(1).max(64),
});
const batch = z.object({
	...{ ds: z.int().min(0), rows: count, lost: count, boot: time, mono: time, at: time, records: bytes },
	more: z.boolean().optional(),
});
const end = z.object({ end: z.literal(true), batches: count, rows: count, lost: count });

/** The file is not what it should be, from `offset` on. */
export class Damage extends Error {
	readonly offset: number;
	constructor(offset: number, reason: string) {
		super(reason);
		this.offset = offset;
	}
}

export class RecordingReader {
	readonly header: RecordingHeader;
	/** Offset of the first batch's frame. */
	readonly start: number;
	readonly size: number;
	readonly #fd: number;
	#buffer = new Uint8Array(0);

	/** @throws IgError IG_RECORDING: missing, not a recording, another version, or damaged in its header */
	constructor(path: string) {
		const fail = (reason: string, cause?: unknown): IgError => new IgError('IG_RECORDING', { path, reason }, { cause });
		try {
			this.#fd = openSync(path, 'r');
		} catch (cause) {
			throw fail(
				(cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : String((cause as NodeJS.ErrnoException).code),
				cause,
			);
		}
		this.size = fstatSync(this.#fd).size;
		const magic = this.#read(0, MAGIC.length);
		if (magic === undefined || magic.some((byte, i) => byte !== MAGIC[i])) {
			closeSync(this.#fd);
			throw fail('not an ig recording');
		}
		let first: { value: unknown; next: number };
		try {
			first = this.#frame(MAGIC.length);
		} catch (cause) {
			closeSync(this.#fd);
			throw fail(`its header is damaged: ${(cause as Error).message}`, cause);
		}
		const { version } = (first.value ?? {}) as { version?: unknown };
		if (version !== FORMAT_VERSION) throw fail(`its format is version ${String(version)}, this ig reads version ${FORMAT_VERSION}`);
		const parsed = header.safeParse(first.value);
		if (!parsed.success) {
			const issue = parsed.error.issues[0];
			throw fail(`its header is not valid: ${issue?.path.join('.')}: ${issue?.message}`);
		}
		const { digest, ...gadget } = parsed.data.gadget;
		this.header = { ...parsed.data, gadget: digest === undefined ? gadget : { ...gadget, digest } };
		this.start = first.next;
	}

	/**
	 * The frame at an offset and the offset of the next. Undefined: the file ended without its last frame. The bytes of its records
	 * are valid until the next call. @throws Damage
	 */
	at(offset: number): { readonly value: RecordedBatch | RecordingEnd; readonly next: number } | undefined {
		if (offset === this.size) return undefined;
		const { value, next } = this.#frame(offset);
		const parsed = end.safeParse(value);
		if (parsed.success) return { value: parsed.data, next };
		const found = batch.safeParse(value);
		if (!found.success) throw new Damage(offset, 'a frame of an unknown shape');
		if (found.data.ds >= this.header.dataSources.length) throw new Damage(offset, `no data source ${found.data.ds}`);
		return { value: found.data, next };
	}

	close(): void {
		closeSync(this.#fd);
	}

	#frame(offset: number): { value: unknown; next: number } {
		const head = this.#read(offset, FRAME_HEADER);
		if (head === undefined) throw new Damage(offset, 'it ends inside a frame');
		const view = new DataView(head.buffer, head.byteOffset, FRAME_HEADER);
		const [size, checksum] = [view.getUint32(0, true), view.getUint32(4, true)];
		if (size > MAX_FRAME) throw new Damage(offset, `a frame of ${size} bytes`);
		const payload = this.#read(offset + FRAME_HEADER, size);
		if (payload === undefined) throw new Damage(offset, 'it ends inside a frame');
		if (crc32(payload) !== checksum) throw new Damage(offset, 'a checksum does not match');
		try {
			return { value: unpackr.unpack(payload), next: offset + FRAME_HEADER + size };
		} catch (cause) {
			throw new Damage(offset, `not msgpack: ${(cause as Error).message}`);
		}
	}

	/** Valid until the next call. */
	#read(offset: number, size: number): Uint8Array | undefined {
		if (offset + size > this.size) return undefined;
		// Frames are of a size: making, clearing and collecting a buffer for each would take as long as reading.
		if (this.#buffer.length < size) this.#buffer = new Uint8Array((size + 0xffff) & ~0xffff);
		const buffer = this.#buffer.subarray(0, size);
		let at = 0;
		while (at < size) {
			const got = readSync(this.#fd, buffer, at, size - at, offset + at);
			if (got === 0) return undefined;
			at += got;
		}
		return buffer;
	}
}
