/** Descriptors and paths of WASI preview 1, over the tree that was granted: read-only, and all of it in memory, so that nothing blocks. */
import { Errno } from './errno.js';
import type { GuestMemory } from './memory.js';
import { type DirectoryNode, MOST_PATH, type Node, type Place, resolve } from './world.js';

/** The first one, of `/`, which libraries look for. */
const ROOT = 3;
const MOST_OPEN = 256;
const fileTypes = { directory: 3, file: 4, link: 7 } as const;
const OFlag = { Create: 1, Directory: 2, Exclusive: 4, Truncate: 8 } as const;
const FOLLOW = 1;
/** fd_read, fd_seek, fd_tell, fd_advise, fd_filestat_get, poll_fd_readwrite */
const FILE_RIGHTS = 0x0820_00a6n;
/** path_open, fd_readdir, path_readlink, path_filestat_get, fd_filestat_get */
const DIRECTORY_RIGHTS = 0x0024_e000n;
/** fd_write and fd_allocate. Not fd_filestat_set_size: Go asks for that to read, too. */
const WRITE_RIGHTS = 0x0140n;
/** Libraries ask `path_open` for no more than this; with the rights to write in it, they hear EROFS there and not later. */
const INHERITING = 0x1fff_ffffn;
/** Bytes of the ABI's structs. */
const FILESTAT = 64;
const DIRENT = 24;

interface Open {
	readonly place: Place;
	/** Of the next byte to read. */
	at: number;
}

const encoder = new TextEncoder();

function sizeOf(node: Node): number {
	return node.kind === 'file' ? node.bytes.length : node.kind === 'link' ? encoder.encode(node.target).length : 0;
}

/** There is one tree, so `dev` is 0 everywhere. */
function writeStat(view: DataView, node: Node): void {
	for (let at = 0; at < FILESTAT; at += 8) view.setBigUint64(at, 0n, true);
	view.setBigUint64(8, BigInt(node.inode), true);
	view.setUint8(16, fileTypes[node.kind]);
	view.setBigUint64(24, 1n, true);
	view.setBigUint64(32, BigInt(sizeOf(node)), true);
	for (const at of [40, 48, 56]) view.setBigUint64(at, node.changed, true);
}

/** Functions for descriptors other than the terminal's, and for paths, by WASI's names. `root`: absent when no file was granted. */
export function makeFiles(memory: GuestMemory, root: DirectoryNode | undefined) {
	const table = new Map<number, Open>();
	if (root !== undefined) table.set(ROOT, { place: { above: [], node: root }, at: 0 });

	const opened = (fd: number, run: (open: Open) => number): number => {
		const open = table.get(fd);
		return open === undefined ? Errno.BADF : run(open);
	};
	const file = (fd: number, run: (open: Open, bytes: Uint8Array) => number): number =>
		opened(fd, (open) => {
			const { node } = open.place;
			return node.kind === 'file' ? run(open, node.bytes) : Errno.ISDIR;
		});
	const directory = (fd: number, run: (place: Place<DirectoryNode>) => number): number =>
		opened(fd, ({ place: { above, node } }) => (node.kind === 'directory' ? run({ above, node }) : Errno.NOTDIR));
	const named = (fd: number, path: number, size: number, run: (from: Place<DirectoryNode>, name: string) => number): number =>
		directory(fd, (from) => {
			if (size >>> 0 > MOST_PATH) return Errno.NAMETOOLONG;
			const name = memory.text(path, size);
			return typeof name === 'number' ? name : run(from, name);
		});
	const preopened = (fd: number, run: () => number): number =>
		opened(fd, ({ place }) => (fd === ROOT && place.node === root ? run() : Errno.BADF));

	/** Reads into a guest's vector; `done` gets the number of bytes. */
	const read = (bytes: Uint8Array, from: number, iovecs: number, count: number, result: number, done?: (size: number) => void): number => {
		const parts = memory.vector(iovecs, count);
		if (typeof parts === 'number') return parts;
		return memory.put(result, 4, (view) => {
			let at = Math.min(from, bytes.length);
			for (const part of parts) {
				const piece = bytes.subarray(at, at + part.length);
				part.set(piece);
				at += piece.length;
			}
			const size = at - Math.min(from, bytes.length);
			view.setUint32(0, size, true);
			done?.(size);
		});
	};

	/** As many entries as fit, the last one cut off; `cookie` is the number of the first. */
	const list = ({ above, node }: Place<DirectoryNode>, buffer: Uint8Array, cookie: bigint): number => {
		const entries: [string, Node][] = [['.', node], ['..', above.at(-1) ?? node], ...node.entries];
		let at = 0;
		for (let i = Number(cookie); i < entries.length && at < buffer.length; i++) {
			const [name, { inode, kind }] = entries[i] as [string, Node];
			const text = encoder.encode(name);
			const bytes = new Uint8Array(DIRENT + text.length);
			const view = new DataView(bytes.buffer);
			view.setBigUint64(0, BigInt(i + 1), true);
			view.setBigUint64(8, BigInt(inode), true);
			view.setUint32(16, text.length, true);
			view.setUint8(20, fileTypes[kind]);
			bytes.set(text, DIRENT);
			const piece = bytes.subarray(0, buffer.length - at);
			buffer.set(piece, at);
			at += piece.length;
		}
		return at;
	};

	const open = (place: Place, result: number): number => {
		let fd = ROOT + 1;
		while (table.has(fd)) fd++;
		if (table.size >= MOST_OPEN) return Errno.MFILE;
		return memory.put(result, 4, (view) => {
			table.set(fd, { place, at: 0 });
			view.setUint32(0, fd, true);
		});
	};

	const functions = {
		fd_prestat_get: (fd: number, result: number): number =>
			preopened(fd, () =>
				memory.put(result, 8, (view) => {
					view.setUint32(0, 0, true);
					view.setUint32(4, 1, true);
				}),
			),
		fd_prestat_dir_name: (fd: number, path: number, size: number): number =>
			preopened(fd, () => (size === 0 ? Errno.NAMETOOLONG : memory.put(path, 1, (view) => view.setUint8(0, 0x2f)))),
		fd_close: (fd: number): number => (table.delete(fd) ? Errno.SUCCESS : Errno.BADF),
		fd_fdstat_get: (fd: number, result: number): number =>
			opened(fd, ({ place: { node } }) =>
				memory.put(result, 24, (view) => {
					view.setBigUint64(0, BigInt(fileTypes[node.kind]), true);
					view.setBigUint64(8, node.kind === 'directory' ? DIRECTORY_RIGHTS : FILE_RIGHTS, true);
					view.setBigUint64(16, node.kind === 'directory' ? INHERITING : 0n, true);
				}),
			),
		fd_filestat_get: (fd: number, result: number): number =>
			opened(fd, ({ place: { node } }) => memory.put(result, FILESTAT, (view) => writeStat(view, node))),
		fd_read: (fd: number, iovecs: number, count: number, result: number): number =>
			file(fd, (open, bytes) =>
				read(bytes, open.at, iovecs, count, result, (size) => {
					open.at += size;
				}),
			),
		fd_pread: (fd: number, iovecs: number, count: number, offset: bigint, result: number): number =>
			file(fd, (_, bytes) => read(bytes, Number(BigInt.asUintN(64, offset)), iovecs, count, result)),
		fd_seek: (fd: number, offset: bigint, whence: number, result: number): number =>
			file(fd, (open, bytes) => {
				const base = [0, open.at, bytes.length][whence];
				const at = (base ?? Number.NaN) + Number(offset);
				if (!(at >= 0 && at <= Number.MAX_SAFE_INTEGER)) return Errno.INVAL;
				return memory.put(result, 8, (view) => {
					open.at = at;
					view.setBigUint64(0, BigInt(at), true);
				});
			}),
		fd_tell: (fd: number, result: number): number =>
			file(fd, ({ at }) => memory.put(result, 8, (view) => view.setBigUint64(0, BigInt(at), true))),
		fd_readdir: (fd: number, buffer: number, size: number, cookie: bigint, result: number): number =>
			directory(fd, (place) => {
				const bytes = memory.bytes(buffer, size);
				if (bytes === undefined) return Errno.FAULT;
				return memory.put(result, 4, (view) => view.setUint32(0, list(place, bytes, BigInt.asUintN(64, cookie)), true));
			}),
		fd_advise: (fd: number): number => opened(fd, () => Errno.SUCCESS),
		path_open: (
			...[fd, lookup, path, size, flags, rights, , , result]: [
				...[fd: number, lookup: number, path: number, size: number, flags: number],
				...[rights: bigint, inheriting: bigint, fdflags: number, result: number],
			]
		): number =>
			named(fd, path, size, (from, name) => {
				const creates = (flags & OFlag.Create) !== 0;
				const place = resolve(from, name, (lookup & FOLLOW) !== 0);
				if (typeof place === 'number') return place === Errno.NOENT && creates ? Errno.ROFS : place;
				if (creates && (flags & OFlag.Exclusive) !== 0) return Errno.EXIST;
				const { kind } = place.node;
				if (kind === 'link') return Errno.LOOP;
				if (kind === 'file' && (flags & OFlag.Directory) !== 0) return Errno.NOTDIR;
				if ((flags & OFlag.Truncate) !== 0 || (rights & WRITE_RIGHTS) !== 0n) return Errno.ROFS;
				return open(place, result);
			}),
		path_filestat_get: (fd: number, lookup: number, path: number, size: number, result: number): number =>
			named(fd, path, size, (from, name) => {
				const place = resolve(from, name, (lookup & FOLLOW) !== 0);
				return typeof place === 'number' ? place : memory.put(result, FILESTAT, (view) => writeStat(view, place.node));
			}),
		path_readlink: (fd: number, path: number, size: number, buffer: number, room: number, used: number): number =>
			named(fd, path, size, (from, name) => {
				const place = resolve(from, name, false);
				if (typeof place === 'number') return place;
				if (place.node.kind !== 'link') return Errno.INVAL;
				const text = encoder.encode(place.node.target).subarray(0, room >>> 0);
				const to = memory.bytes(buffer, text.length);
				if (to === undefined) return Errno.FAULT;
				return memory.put(used, 4, (view) => {
					to.set(text);
					view.setUint32(0, text.length, true);
				});
			}),
	};
	return {
		functions,
		/** What a function that would change something answers, by the descriptor that it starts from. */
		changing: (fd: number): number => opened(fd, () => Errno.ROFS),
	};
}
