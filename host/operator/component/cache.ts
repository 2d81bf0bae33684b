/**
 * Components that were taken apart and found good, by the digest of the component: jco needs seconds for a large one, and looking at its
 * code some tenths of one. One file each, which is read whole and believed only when its own digest is right; whatever is wrong with the cache,
 * the component is taken apart again. Core modules that stand in the component as they are, an engine of 11 MiB for one, are not kept twice.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Translated } from './translate.js';

/** Of the file's layout, of the options that jco is called with, and of what is looked at before; part of the key, with jco's version. */
const FORMAT = 2;
const DIGEST = 32;
const LENGTH = 4;
/** Components that are kept; the ones that were not used for longest go. */
const KEPT = 32;

/** Root's is the system's: /var/cache/ig; other users have their own. */
export function cacheDirectory(): string {
	if (process.geteuid?.() === 0) return '/var/cache/ig/components';
	const { XDG_CACHE_HOME: base } = process.env;
	return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'ig', 'components');
}

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
	const hash = createHash('sha256');
	for (const part of parts) hash.update(part);
	return hash.digest();
};

/** Nobody but us may put scripts there. */
async function safe(directory: string): Promise<boolean> {
	const { uid, mode } = await lstat(directory);
	return uid === process.geteuid?.() && (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o022) === 0;
}

interface Index {
	readonly script: number;
	/** `at`: where in the component it stands; otherwise it is in this file. */
	readonly cores: readonly { readonly name: string; readonly size: number; readonly at?: number }[];
	readonly imports: readonly string[];
	readonly exports: readonly string[];
}

function encode({ script, cores, imports, exports }: Translated, component: Buffer): Buffer {
	const text = Buffer.from(script);
	const found = cores.map(({ name, bytes }) => ({ name, bytes, at: component.indexOf(bytes) }));
	const index: Index = {
		script: text.length,
		cores: found.map(({ name, bytes, at }) => ({ name, size: bytes.length, ...(at >= 0 && { at }) })),
		imports,
		exports,
	};
	const head = Buffer.from(JSON.stringify(index));
	const length = Buffer.alloc(LENGTH);
	length.writeUInt32LE(head.length);
	const body = Buffer.concat([length, head, text, ...found.flatMap(({ bytes, at }) => (at >= 0 ? [] : [bytes]))]);
	return Buffer.concat([sha256(body), body]);
}

/** Undefined: damaged. */
function decode(file: Buffer, component: Buffer): Translated | undefined {
	const body = file.subarray(DIGEST);
	if (body.length < LENGTH || !sha256(body).equals(file.subarray(0, DIGEST))) return undefined;
	let at = LENGTH + body.readUInt32LE(0);
	const index = JSON.parse(body.toString('utf8', LENGTH, at)) as Index;
	const take = (size: number): Buffer => {
		const part = body.subarray(at, at + size);
		at += size;
		return part;
	};
	const script = take(index.script).toString();
	const cores = index.cores.map(({ name, size, at: from }) => ({
		name,
		bytes: from === undefined ? take(size) : component.subarray(from, from + size),
	}));
	return { script, cores, imports: index.imports, exports: index.exports };
}

export class Cache {
	readonly #component: Buffer;
	readonly #directory: string;
	readonly #file: string;

	/** `tool`: what took it apart, with its version. */
	constructor(component: Uint8Array, tool: string, directory = cacheDirectory()) {
		this.#component = Buffer.from(component.buffer, component.byteOffset, component.length);
		this.#directory = directory;
		this.#file = join(directory, sha256(`${FORMAT} ${tool} `, component).toString('hex'));
	}

	/** What was kept, parts of the component among it; undefined: nothing that can be used. */
	async get(): Promise<Translated | undefined> {
		try {
			if (!(await safe(this.#directory))) return undefined;
			const handle = await open(this.#file, constants.O_RDONLY | constants.O_NOFOLLOW);
			try {
				const now = new Date();
				const found = decode(await handle.readFile(), this.#component);
				if (found !== undefined) await handle.utimes(now, now);
				return found;
			} finally {
				await handle.close();
			}
		} catch {
			// No such file, no right to read it: as if it had never been kept.
			return undefined;
		}
	}

	/** Keeps it, for the next time; without a place to do so, it does not. */
	async put(translated: Translated): Promise<void> {
		const draft = `${this.#file}.${process.pid}`;
		try {
			await mkdir(this.#directory, { recursive: true, mode: 0o700 });
			if (!(await safe(this.#directory))) return;
			const handle = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
			try {
				await handle.writeFile(encode(translated, this.#component));
			} finally {
				await handle.close();
			}
			await rename(draft, this.#file);
			await this.#prune();
		} catch {
			// A full or read-only disk costs time, not the run.
			await rm(draft, { force: true }).catch(() => {});
		}
	}

	async #prune(): Promise<void> {
		const names = await readdir(this.#directory);
		const files = await Promise.all(names.map(async (name) => ({ name, used: (await stat(join(this.#directory, name))).mtimeMs })));
		const old = files.sort((a, b) => b.used - a.used).slice(KEPT);
		await Promise.all(old.map(({ name }) => rm(join(this.#directory, name), { force: true })));
	}
}
