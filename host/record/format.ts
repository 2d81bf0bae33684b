/** The recording format, version 1 (docs/recording.md): a magic, then frames of u32 size, u32 CRC-32, msgpack. */
import type { DataSource } from '../schema.js';

export const MAGIC = new Uint8Array([0x49, 0x47, 0x52, 0x45, 0x43, 0x01, 0x0d, 0x0a]); // "IGREC" 1 CR LF: text-mode transfers show
export const FORMAT_VERSION = 1;
export const FRAME_HEADER = 8;
/** A frame larger than this is damage, not data. */
export const MAX_FRAME = 64 << 20;

/** First frame. */
export interface RecordingHeader {
	readonly version: number;
	/** Version of ig that wrote it. */
	readonly ig: string;
	/** Wall time, ISO 8601. */
	readonly created: string;
	readonly gadget: { readonly name: string; readonly digest?: string };
	/** `interfaces`: of network interfaces, `1/lo 2/eth0`, where packets were recorded. */
	readonly host: { readonly kernel: string; readonly arch: string; readonly interfaces?: string | undefined };
	readonly dataSources: readonly DataSource[];
}

/** Every further frame but the last: one batch, as it left the kernel. */
export interface RecordedBatch {
	readonly ds: number;
	readonly rows: number;
	/** Records lost since the batch before. */
	readonly lost: number;
	/** Offsets to wall time, and the time of the drain; ns. */
	readonly boot: bigint;
	readonly mono: bigint;
	readonly at: bigint;
	/** The snapshot that it is a part of goes on in the next batch of its data source. */
	readonly more?: boolean | undefined;
	/** Records as a ring holds them: 8-byte header, payload, padded to 8. */
	readonly records: Uint8Array;
}

/** Last frame; without it the recording was cut short. */
export interface RecordingEnd {
	readonly end: true;
	readonly batches: number;
	readonly rows: number;
	readonly lost: number;
}
