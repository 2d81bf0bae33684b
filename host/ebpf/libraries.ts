/** Where the dynamic linker finds a library: /etc/ld.so.cache (glibc's format since 2.2, elf/dl-cache.h), and the usual folders. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';

const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER = 48;
const ENTRY = 24;
const MULTIARCH = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const FOLDERS = ['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib', MULTIARCH];

/** Sonames and paths, in the order of the cache. */
export function readCache(bytes: Uint8Array): { readonly soname: string; readonly path: string }[] {
	const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	// An older format may come first.
	const start = text.indexOf(MAGIC, 0, 'latin1');
	if (start === -1 || start + HEADER > text.length) return [];
	const string = (offset: number): string => {
		const from = start + offset;
		const end = text.indexOf(0, from);
		return from < text.length && end !== -1 ? text.toString('utf8', from, end) : '';
	};
	const count = text.readUInt32LE(start + 20);
	const entries: { soname: string; path: string }[] = [];
	for (let i = 0; i < count; i++) {
		const at = start + HEADER + i * ENTRY;
		if (at + ENTRY > text.length) break;
		entries.push({ soname: string(text.readUInt32LE(at + 4)), path: string(text.readUInt32LE(at + 8)) });
	}
	return entries;
}

function cached(): ReturnType<typeof readCache> {
	try {
		return readCache(readFileSync('/etc/ld.so.cache'));
	} catch {
		return [];
	}
}

/** `libc` is libc.so.6; `libc.so.6` is itself. */
function isNamed(soname: string, name: string): boolean {
	return soname === name || soname.startsWith(`${name}.so`);
}

function inFolders(name: string): string[] {
	return FOLDERS.flatMap((folder) => {
		if (!existsSync(folder)) return [];
		return readdirSync(folder)
			.filter((file) => isNamed(file, name))
			.map((file) => `${folder}/${file}`);
	});
}

/** Files that a program's `libssl` may be: of every version and architecture, each once. Empty: this system has none. */
export function findLibraries(name: string): string[] {
	const found = cached()
		.filter(({ soname }) => isNamed(soname, name))
		.map(({ path }) => path);
	const paths = found.length > 0 ? found : inFolders(name);
	return [...new Set(paths.filter((path) => existsSync(path)).map((path) => realpathSync(path)))];
}
