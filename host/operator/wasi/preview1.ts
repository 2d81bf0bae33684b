/**
 * WASI preview 1 for operators (wasi_snapshot_preview1.witx): time, random numbers, stdout and stderr as lines in the log, and what was
 * granted of arguments, environment and files; an errno for all else. Nothing blocks, and no argument is trusted.
 * docs/operator-doors.md says why this is not a library.
 */
import { LineLimit, LineStream } from '../lines.js';
import { Errno } from './errno.js';
import { makeFiles } from './files.js';
import { GuestMemory } from './memory.js';
import { NOTHING, type World } from './world.js';

export const WASI_MODULE = 'wasi_snapshot_preview1';

const Clock = { Realtime: 0, Monotonic: 1 } as const;
const CHARACTER_DEVICE = 2;
const RIGHT_READ = 2n;
const RIGHT_WRITE = 64n;

/** In bytes; the ABI's structs. */
const SUBSCRIPTION = 48;
const EVENT = 32;
const MAX_SUBSCRIPTIONS = 1024;
/** Between two looks at whether the thread is to end; the most that one call gives. */
const RANDOM_CHUNK = 65536;

/** The guest called `proc_exit`. */
export class GuestExit extends Error {
	constructor(code: number) {
		super(`it exited with code ${code}`);
	}
}

export interface Wasi {
	/** Functions of {@link WASI_MODULE}, by name. */
	readonly imports: Readonly<Record<string, unknown>>;
	/** Shows what was printed without a newline. */
	flush(): void;
}

/** All functions that change files: none is to be changed. */
const changing = [
	...['fd_allocate', 'fd_fdstat_set_rights', 'fd_filestat_set_size', 'fd_filestat_set_times', 'fd_renumber'],
	...['path_create_directory', 'path_filestat_set_times', 'path_remove_directory', 'path_unlink_file'],
];
/** The same, where the descriptor is another parameter. */
const changingElsewhere: Readonly<Record<string, number>> = { path_link: 0, path_rename: 0, path_symlink: 2 };
const sockets = ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'];

function all(names: readonly string[], answer: (...args: number[]) => number): Record<string, (...args: number[]) => number> {
	return Object.fromEntries(names.map((name) => [name, answer]));
}

/** Functions for a list of texts, each with a NUL at its end: `args_get`, `environ_get`, and their `_sizes_get`. */
function texts(memory: GuestMemory, list: readonly string[]) {
	const encoded = list.map((text) => new TextEncoder().encode(`${text}\0`));
	const total = encoded.reduce((sum, { length }) => sum + length, 0);
	return {
		sizes: (count: number, size: number): number => {
			const second = memory.view(size, 4);
			if (second === undefined) return Errno.FAULT;
			return memory.put(count, 4, (first) => {
				first.setUint32(0, encoded.length, true);
				second.setUint32(0, total, true);
			});
		},
		get: (pointers: number, buffer: number): number => {
			const to = memory.bytes(buffer, total);
			if (to === undefined) return Errno.FAULT;
			return memory.put(pointers, 4 * encoded.length, (view) => {
				let at = 0;
				for (const [i, text] of encoded.entries()) {
					view.setUint32(4 * i, (buffer >>> 0) + at, true);
					to.set(text, at);
					at += text.length;
				}
			});
		},
	};
}

/** `bytes` is asked at each call: it grows. */
export function makeWasi(bytes: () => Uint8Array, lines: LineLimit, world: World = NOTHING): Wasi {
	const memory = new GuestMemory(bytes);
	const { functions: files, changing: refuse } = makeFiles(memory, world.root);
	const args = texts(memory, world.args);
	const environment = texts(
		memory,
		world.env.map(([name, value]) => `${name}=${value}`),
	);
	const streams = new Map([
		[1, new LineStream('info', lines)],
		[2, new LineStream('warn', lines)],
	]);
	const isTerminal = (fd: number): boolean => fd >= 0 && fd <= 2;

	const write = (fd: number, iovecs: number, count: number, written: number): number => {
		const stream = streams.get(fd);
		if (stream === undefined) return Errno.BADF;
		const parts = memory.vector(iovecs, count);
		if (typeof parts === 'number') return parts;
		return memory.put(written, 4, (result) => {
			let total = 0;
			for (const part of parts) {
				stream.write(part);
				total += part.length;
			}
			result.setUint32(0, total, true);
		});
	};

	const random = (address: number, size: number): number => {
		const to = memory.bytes(address, size);
		if (to === undefined) return Errno.FAULT;
		// The global: importing node:crypto takes 4 ms of every start.
		for (let at = 0; at < to.length; at += RANDOM_CHUNK) crypto.getRandomValues(to.subarray(at, at + RANDOM_CHUNK));
		return Errno.SUCCESS;
	};

	/**
	 * Every subscription has happened: a batch does not wait. A guest that sleeps until a time comes spins, and meets its deadline,
	 * which counts time on the CPU.
	 */
	const poll = (subscriptions: number, events: number, count: number, stored: number): number => {
		const many = count >>> 0;
		if (many === 0 || many > MAX_SUBSCRIPTIONS) return Errno.INVAL;
		const from = memory.view(subscriptions, many * SUBSCRIPTION);
		const to = memory.view(events, many * EVENT);
		const result = memory.view(stored, 4);
		if (from === undefined || to === undefined || result === undefined) return Errno.FAULT;
		for (let i = 0; i < many; i++) {
			const userdata = from.getBigUint64(i * SUBSCRIPTION, true);
			const kind = from.getUint8(i * SUBSCRIPTION + 8);
			for (let at = 0; at < EVENT; at += 8) to.setBigUint64(i * EVENT + at, 0n, true);
			to.setBigUint64(i * EVENT, userdata, true);
			to.setUint8(i * EVENT + 10, kind);
		}
		result.setUint32(0, many, true);
		return Errno.SUCCESS;
	};

	const imports = {
		...files,
		...all(changing, (fd = 0) => refuse(fd)),
		...Object.fromEntries(Object.entries(changingElsewhere).map(([name, at]) => [name, (...given: number[]) => refuse(given[at] ?? 0)])),
		...all(sockets, () => Errno.NOTCAPABLE),
		...all(['fd_datasync', 'fd_sync'], (fd = 0) => (isTerminal(fd) ? Errno.BADF : files.fd_advise(fd))),
		proc_raise: () => Errno.NOSYS,
		sched_yield: () => Errno.SUCCESS,
		args_sizes_get: args.sizes,
		args_get: args.get,
		environ_sizes_get: environment.sizes,
		environ_get: environment.get,
		clock_res_get: (clock: number, result: number): number => {
			if (clock !== Clock.Realtime && clock !== Clock.Monotonic) return Errno.INVAL;
			return memory.put(result, 8, (view) => view.setBigUint64(0, clock === Clock.Realtime ? 1_000_000n : 1n, true));
		},
		clock_time_get: (clock: number, _precision: bigint, result: number): number => {
			if (clock !== Clock.Realtime && clock !== Clock.Monotonic) return Errno.INVAL;
			const now = clock === Clock.Realtime ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
			return memory.put(result, 8, (view) => view.setBigUint64(0, now, true));
		},
		fd_close: (fd: number): number => (isTerminal(fd) ? Errno.SUCCESS : files.fd_close(fd)),
		fd_fdstat_get: (fd: number, result: number): number => {
			if (!isTerminal(fd)) return files.fd_fdstat_get(fd, result);
			return memory.put(result, 24, (view) => {
				view.setBigUint64(0, BigInt(CHARACTER_DEVICE), true);
				view.setBigUint64(8, fd === 0 ? RIGHT_READ : RIGHT_WRITE, true);
				view.setBigUint64(16, 0n, true);
			});
		},
		fd_fdstat_set_flags: (fd: number): number => (isTerminal(fd) ? Errno.SUCCESS : files.fd_advise(fd)),
		fd_filestat_get: (fd: number, result: number): number => {
			if (!isTerminal(fd)) return files.fd_filestat_get(fd, result);
			return memory.put(result, 64, (view) => {
				for (let at = 0; at < 64; at += 8) view.setBigUint64(at, 0n, true);
				view.setUint8(16, CHARACTER_DEVICE);
			});
		},
		fd_read: (fd: number, iovecs: number, count: number, result: number): number => {
			if (fd === 0) return memory.put(result, 4, (view) => view.setUint32(0, 0, true));
			return files.fd_read(fd, iovecs, count, result);
		},
		fd_seek: (fd: number, offset: bigint, whence: number, result: number): number =>
			isTerminal(fd) ? Errno.SPIPE : files.fd_seek(fd, offset, whence, result),
		fd_tell: (fd: number, result: number): number => (isTerminal(fd) ? Errno.SPIPE : files.fd_tell(fd, result)),
		fd_write: write,
		fd_pwrite: () => Errno.BADF,
		poll_oneoff: poll,
		proc_exit: (code: number): never => {
			throw new GuestExit(code);
		},
		random_get: random,
	};
	return {
		imports,
		flush: () => {
			for (const stream of streams.values()) stream.flush();
		},
	};
}

/** Names of all functions there are. */
export const wasiNames: ReadonlySet<string> = new Set(Object.keys(makeWasi(() => new Uint8Array(0), new LineLimit(() => {})).imports));
