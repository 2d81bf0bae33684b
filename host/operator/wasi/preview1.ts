/**
 * WASI preview 1 for operators (wasi_snapshot_preview1.witx): time, random numbers, and stdout and stderr as lines in the log; no files,
 * no environment, no arguments, no sockets: an errno each. Nothing blocks, and no argument is trusted.
 * docs/operator-doors.md says why this is not a library.
 */
import { LineLimit, LineStream } from '../lines.js';

export const WASI_MODULE = 'wasi_snapshot_preview1';

const Errno = { SUCCESS: 0, BADF: 8, FAULT: 21, INVAL: 28, NOSYS: 52, SPIPE: 70, NOTCAPABLE: 76 } as const;
const Clock = { Realtime: 0, Monotonic: 1 } as const;
const CHARACTER_DEVICE = 2;
const RIGHT_READ = 2n;
const RIGHT_WRITE = 64n;

/** In bytes; the ABI's structs. */
const IOVEC = 8;
const SUBSCRIPTION = 48;
const EVENT = 32;
const MAX_IOVECS = 1024;
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

/** All functions that answer with one errno, whatever they are asked. */
function refusals(): Record<string, () => number> {
	const groups: Readonly<Record<number, readonly string[]>> = {
		// There is no file descriptor but those of the terminal.
		[Errno.BADF]: [
			...['fd_advise', 'fd_allocate', 'fd_datasync', 'fd_fdstat_set_rights', 'fd_filestat_set_size', 'fd_filestat_set_times'],
			...['fd_pread', 'fd_prestat_get', 'fd_prestat_dir_name', 'fd_pwrite', 'fd_readdir', 'fd_renumber', 'fd_sync'],
			...['path_create_directory', 'path_filestat_get', 'path_filestat_set_times', 'path_link', 'path_open', 'path_readlink'],
			...['path_remove_directory', 'path_rename', 'path_symlink', 'path_unlink_file'],
		],
		[Errno.NOTCAPABLE]: ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'],
		[Errno.NOSYS]: ['proc_raise'],
		[Errno.SUCCESS]: ['args_get', 'environ_get', 'sched_yield'],
	};
	return Object.fromEntries(Object.entries(groups).flatMap(([errno, names]) => names.map((name) => [name, () => Number(errno)])));
}

/** `memory` is asked at each call: it grows. */
export function makeWasi(memory: () => Uint8Array, lines: LineLimit): Wasi {
	const streams = new Map([
		[1, new LineStream('info', lines)],
		[2, new LineStream('warn', lines)],
	]);
	/** A view of `size` bytes; undefined: not inside. */
	const inside = (address: number, size: number): DataView | undefined => {
		const bytes = memory();
		const start = address >>> 0;
		return start + size <= bytes.length ? new DataView(bytes.buffer, bytes.byteOffset + start, size) : undefined;
	};
	const onView = (address: number, size: number, run: (view: DataView) => void): number => {
		const view = inside(address, size);
		if (view === undefined) return Errno.FAULT;
		run(view);
		return Errno.SUCCESS;
	};
	const terminal = (fd: number, errno: number): number => (fd >= 0 && fd <= 2 ? errno : Errno.BADF);
	const nothing = (count: number, bytes: number): number => {
		const first = inside(count, 4);
		const second = inside(bytes, 4);
		if (first === undefined || second === undefined) return Errno.FAULT;
		first.setUint32(0, 0, true);
		second.setUint32(0, 0, true);
		return Errno.SUCCESS;
	};

	const write = (fd: number, iovecs: number, count: number, written: number): number => {
		const stream = streams.get(fd);
		if (stream === undefined) return Errno.BADF;
		const many = count >>> 0;
		if (many > MAX_IOVECS) return Errno.INVAL;
		const list = inside(iovecs, many * IOVEC);
		const result = inside(written, 4);
		if (list === undefined || result === undefined) return Errno.FAULT;
		let total = 0;
		for (let i = 0; i < many; i++) {
			const address = list.getUint32(i * IOVEC, true);
			const size = list.getUint32(i * IOVEC + 4, true);
			const bytes = memory();
			if (address + size > bytes.length) return Errno.FAULT;
			stream.write(bytes.subarray(address, address + size));
			total += size;
		}
		result.setUint32(0, total, true);
		return Errno.SUCCESS;
	};

	const random = (address: number, size: number): number => {
		const bytes = memory();
		const start = address >>> 0;
		const end = start + (size >>> 0);
		if (end > bytes.length) return Errno.FAULT;
		// The global: importing node:crypto takes 4 ms of every start.
		for (let at = start; at < end; at += RANDOM_CHUNK) crypto.getRandomValues(bytes.subarray(at, Math.min(at + RANDOM_CHUNK, end)));
		return Errno.SUCCESS;
	};

	/**
	 * Every subscription has happened: a batch does not wait. A guest that sleeps until a time comes spins, and meets its deadline,
	 * which counts time on the CPU.
	 */
	const poll = (subscriptions: number, events: number, count: number, stored: number): number => {
		const many = count >>> 0;
		if (many === 0 || many > MAX_SUBSCRIPTIONS) return Errno.INVAL;
		const from = inside(subscriptions, many * SUBSCRIPTION);
		const to = inside(events, many * EVENT);
		const result = inside(stored, 4);
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
		...refusals(),
		args_sizes_get: nothing,
		environ_sizes_get: nothing,
		clock_res_get: (clock: number, result: number): number => {
			if (clock !== Clock.Realtime && clock !== Clock.Monotonic) return Errno.INVAL;
			return onView(result, 8, (view) => view.setBigUint64(0, clock === Clock.Realtime ? 1_000_000n : 1n, true));
		},
		clock_time_get: (clock: number, _precision: bigint, result: number): number => {
			if (clock !== Clock.Realtime && clock !== Clock.Monotonic) return Errno.INVAL;
			const now = clock === Clock.Realtime ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
			return onView(result, 8, (view) => view.setBigUint64(0, now, true));
		},
		fd_close: (fd: number): number => terminal(fd, Errno.SUCCESS),
		fd_fdstat_get: (fd: number, result: number): number =>
			terminal(fd, Errno.SUCCESS) ||
			onView(result, 24, (view) => {
				view.setBigUint64(0, BigInt(CHARACTER_DEVICE), true);
				view.setBigUint64(8, fd === 0 ? RIGHT_READ : RIGHT_WRITE, true);
				view.setBigUint64(16, 0n, true);
			}),
		fd_fdstat_set_flags: (fd: number): number => terminal(fd, Errno.SUCCESS),
		fd_filestat_get: (fd: number, result: number): number =>
			terminal(fd, Errno.SUCCESS) ||
			onView(result, 64, (view) => {
				for (let at = 0; at < 64; at += 8) view.setBigUint64(at, 0n, true);
				view.setUint8(16, CHARACTER_DEVICE);
			}),
		fd_read: (fd: number, _iovecs: number, _count: number, result: number): number =>
			fd === 0 ? onView(result, 4, (view) => view.setUint32(0, 0, true)) : Errno.BADF,
		fd_seek: (fd: number): number => terminal(fd, Errno.SPIPE),
		fd_tell: (fd: number): number => terminal(fd, Errno.SPIPE),
		fd_write: write,
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
