/**
 * The only place that talks to koffi: dist/native/libig.so (our functions and libbpf's), each function bound when it is
 * first called. Loads in a few milliseconds, on every thread for itself, with the first call: a thread that only tries an operator out
 * does without, and koffi keeps 45 KiB for each thread that loaded it. Handles (bigint) are valid on all threads.
 *
 * Typed arrays go to C as their address, without a copy, in both directions; WebAssembly memory too.
 */
import { existsSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import { IgError } from '../errors.js';
import { built } from '../root.js';
import { type Native, type Pointer, prototypes } from './functions.js';

/** The part of koffi that is used. */
interface Koffi {
	load(path: string): { func(prototype: string): (...args: never[]) => unknown };
	errno(): number;
}

const require = createRequire(import.meta.url);

/**
 * koffi's own entry looks through every platform's package and reads node's ELF header: 15–40 ms. The addon itself takes 4, so
 * it is loaded directly where it is (x64 and arm64 with glibc), and through koffi's entry anywhere else.
 */
function loadKoffi(): Koffi {
	try {
		return require(`@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`) as Koffi;
	} catch {
		return require('koffi') as Koffi;
	}
}

let loaded: { readonly koffi: Koffi; readonly library: ReturnType<Koffi['load']> } | undefined;

function load(): NonNullable<typeof loaded> {
	if (loaded !== undefined) return loaded;
	const path = built('native', 'libig.so');
	if (!existsSync(path)) throw new IgError('IG_NOT_BUILT', { path });
	const koffi = loadKoffi();
	loaded = { koffi, library: koffi.load(path) };
	return loaded;
}

/** The functions of the library. `native.x` is koffi's function itself after the first use. */
export const native = {} as Native;
for (const name of Object.keys(prototypes) as (keyof Native)[]) {
	Object.defineProperty(native, name, {
		configurable: true,
		enumerable: true,
		get() {
			const value = load().library.func(prototypes[name].replace(/\bf\(/, `${name}(`));
			Object.defineProperty(native, name, { value, enumerable: true });
			return value;
		},
	});
}

/** Another library, the first of these that there is; a function of it by its prototype in C. */
export function openLibrary(names: readonly string[]): ((prototype: string) => (...args: never[]) => unknown) | undefined {
	const { koffi } = load();
	for (const name of names) {
		try {
			const library = koffi.load(name);
			return (prototype) => library.func(prototype);
		} catch {
			// The next name.
		}
	}
	return undefined;
}

/** The errno that the last call on this thread left, for functions that return NULL on failure. */
export function lastErrno(): number {
	return load().koffi.errno();
}

/** A copy of `size` bytes of C's memory at an address. */
export function bytesAt(address: Pointer, size: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(size);
	native.memcpy(bytes, address, size);
	return bytes;
}

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
	// libbpf's own errors start at 4000 and mean a broken object.
	return errno > 0 && errno < 4000 ? getSystemErrorName(-errno) : `error ${errno}`;
}

/** ns to add to CLOCK_BOOTTIME and CLOCK_MONOTONIC for wall time, sampled now. */
export function clockOffsets(): { readonly boot: bigint; readonly mono: bigint } {
	const offsets = new BigInt64Array(2);
	native.ig_clock_offsets(offsets, offsets.subarray(1));
	return { boot: offsets[0] ?? 0n, mono: offsets[1] ?? 0n };
}

export function crc32(bytes: Uint8Array): number {
	return native.ig_crc32(bytes, bytes.byteLength);
}

/** Blocks until the descriptor takes bytes (or its reader is gone): true; false after the timeout. */
export function waitWritable(fd: number, ms: number): boolean {
	return native.ig_poll_writable(fd, ms) !== 0;
}

/** The kernel's id of this thread (proc(5), /proc/thread-self: `PID/task/TID`). */
export function threadId(): number {
	return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/** `1.7`. */
export function libbpfVersion(): string {
	return native.libbpf_version_string().replace(/^v/, '');
}
