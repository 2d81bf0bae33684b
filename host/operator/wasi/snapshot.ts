/**
 * Reads what was granted into a {@link World}, once, when the run begins. Directories are walked by descriptors, no link is followed on the
 * way, and what is neither a file nor a directory nor a link is not opened: whoever may write there cannot lead the walk elsewhere, and no
 * fifo or device stops it. Main thread only.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { behind, wishOf } from '../capability.js';
import type { DirectoryNode, Node, World } from './world.js';

const MOST_ENTRIES = 4096;
const MOST_DEPTH = 32;
const CHUNK = 1 << 16;
/** A fifo must not wait for its writer, nor a log of the kernel for its next line. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** A grant that cannot be had. `message` completes "GRANT …". */
export class SnapshotError extends Error {
	readonly grant: string;
	constructor(grant: string, message: string) {
		super(message);
		this.grant = grant;
	}
}

export interface Snapshot {
	readonly world: World;
	/** Entries of directories that were left out: no files, or not to be read. */
	readonly skipped: number;
}

/** `name`: the first argument, if there are arguments. `mostBytes`: of all files together. @throws SnapshotError */
export function takeSnapshot(name: string, grants: readonly string[], mostBytes: number): Snapshot {
	const walk = new Walk(mostBytes);
	const env = new Map<string, string>();
	for (const grant of grants) {
		const [, kind, path = ''] = /^(env|file|dir):(.*)$/s.exec(wishOf(grant)) ?? [];
		if (kind === 'env') {
			const value = behind(grant) ?? process.env[path];
			if (value !== undefined) env.set(path, value);
		} else if (kind !== undefined) walk.add(grant, path, behind(grant) ?? path, kind === 'dir');
	}
	const args = grants.some((grant) => wishOf(grant) === 'args')
		? [name, ...grants.filter((grant) => grant.startsWith('arg:')).map((grant) => behind(grant) ?? '')]
		: [];
	return { world: { args, env: [...env], ...(walk.root && { root: walk.root }) }, skipped: walk.skipped };
}

class Walk {
	root: DirectoryNode | undefined;
	skipped = 0;
	readonly #mostBytes: number;
	#bytes = 0;
	#entries = 0;
	#inode = 1;
	#grant = '';

	constructor(mostBytes: number) {
		this.#mostBytes = mostBytes;
	}

	/** Puts what is at `from` in this machine at `to` in the tree. */
	add(grant: string, to: string, from: string, directory: boolean): void {
		this.#grant = grant;
		let fd: number;
		try {
			fd = openSync(from, READ | (directory ? constants.O_DIRECTORY : 0));
		} catch (cause) {
			throw this.#error(cause);
		}
		try {
			const stat = fstatSync(fd, { bigint: true });
			if (!directory && !stat.isFile()) {
				throw new SnapshotError(grant, `is ${stat.isDirectory() ? `a directory: ${grant.replace(/^file/, 'dir')}` : 'not a file'}`);
			}
			this.#put(to, directory ? this.#directory(fd, stat, 0) : this.#file(fd, stat));
		} catch (cause) {
			throw cause instanceof SnapshotError ? cause : this.#error(cause);
		} finally {
			closeSync(fd);
		}
	}

	#error(cause: unknown): SnapshotError {
		const { code = '' } = cause as NodeJS.ErrnoException;
		const known: Readonly<Record<string, string>> = { ENOENT: 'does not exist', EACCES: 'may not be read', ENOTDIR: 'is not a directory' };
		return new SnapshotError(this.#grant, known[code] ?? `cannot be read: ${code || (cause as Error).message}`);
	}

	#node(changed: bigint): { inode: number; changed: bigint } {
		if (++this.#entries > MOST_ENTRIES) throw new SnapshotError(this.#grant, `is more than ${MOST_ENTRIES} files and directories`);
		return { inode: this.#inode++, changed };
	}

	#empty(changed = 0n): DirectoryNode {
		return { kind: 'directory', entries: new Map(), ...this.#node(changed) };
	}

	#put(path: string, node: Node): void {
		if (path === '/' && node.kind === 'directory') {
			for (const [name, entry] of this.root?.entries ?? []) node.entries.set(name, entry);
			this.root = node;
			return;
		}
		this.root ??= this.#empty();
		const names = path.split('/').slice(1);
		const last = names.pop() as string;
		let here = this.root;
		for (const name of names) {
			const next = here.entries.get(name);
			if (next?.kind === 'directory') here = next;
			else {
				const made = this.#empty();
				here.entries.set(name, made);
				here = made;
			}
		}
		here.entries.set(last, node);
	}

	#directory(fd: number, { mtimeNs }: BigIntStats, depth: number): DirectoryNode {
		if (depth > MOST_DEPTH) throw new SnapshotError(this.#grant, `is more than ${MOST_DEPTH} directories deep`);
		const made = this.#empty(mtimeNs);
		const here = `/proc/self/fd/${fd}`;
		for (const name of readdirSync(here)) {
			const node = this.#entry(`${here}/${name}`, depth);
			if (node === undefined) this.skipped++;
			else made.entries.set(name, node);
		}
		return made;
	}

	#entry(path: string, depth: number): Node | undefined {
		try {
			const stat = lstatSync(path, { bigint: true });
			if (stat.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path), ...this.#node(stat.mtimeNs) };
			if (!stat.isFile() && !stat.isDirectory()) return undefined;
			const fd = openSync(path, READ | constants.O_NOFOLLOW);
			try {
				// Another thing may be there by now.
				const now = fstatSync(fd, { bigint: true });
				if (now.isDirectory()) return this.#directory(fd, now, depth + 1);
				return now.isFile() ? this.#file(fd, now) : undefined;
			} finally {
				closeSync(fd);
			}
		} catch (cause) {
			if (cause instanceof SnapshotError) throw cause;
			return undefined;
		}
	}

	/** To its end, whatever its size is said to be: those of /proc have none. */
	#file(fd: number, { size, mtimeNs }: BigIntStats): Node {
		const node = this.#node(mtimeNs);
		const left = this.#mostBytes - this.#bytes;
		const tooMuch = (): SnapshotError =>
			new SnapshotError(
				this.#grant,
				`is too much: operators get ${this.#mostBytes} bytes of files; --operator-limit files=... allows more`,
			);
		if (size > left) throw tooMuch();
		const chunks: Uint8Array[] = [];
		let total = 0;
		for (;;) {
			const chunk = new Uint8Array(Math.max(CHUNK, Number(size) - total));
			const read = readSync(fd, chunk, 0, chunk.length, null);
			if (read === 0) break;
			total += read;
			if (total > left) throw tooMuch();
			chunks.push(chunk.subarray(0, read));
		}
		this.#bytes += total;
		const bytes = new Uint8Array(new SharedArrayBuffer(total));
		let at = 0;
		for (const chunk of chunks) {
			bytes.set(chunk, at);
			at += chunk.length;
		}
		return { kind: 'file', bytes, ...node };
	}
}
