/** libbpf's own messages, kept in native memory until they are asked for. */
import { native } from './native.js';

/** What libbpf calls its levels. */
export const LogLevel = { Warn: 0, Info: 1, Debug: 2 } as const;

let started = false;

/** Messages from `level` up are kept; without it libbpf would write to stderr. Repeating it changes the level. */
export function startLog(level: number = LogLevel.Info): void {
	started = true;
	native.ig_log_init(level);
}

/** What libbpf said since the last call (of any thread), the newest 256 KiB of it. */
export function takeLog(): string {
	if (!started) startLog();
	const text = new Uint8Array((256 << 10) + 1);
	const size = native.ig_log_take(text, text.byteLength);
	return new TextDecoder().decode(text.subarray(0, size));
}
