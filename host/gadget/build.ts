/** Builds a gadget's folder: `program.bpf.c` to `program.bpf.o` beside it, when that is missing or older than what it was made of. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { arch } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { IgError } from '../errors.js';
import { built, root } from '../root.js';

export const SOURCE = 'program.bpf.c';
export const OBJECT = 'program.bpf.o';
/** What the object was made of, as the compiler writes it for make. */
const DEPENDENCIES = '.program.bpf.d';

/** By the names that Linux's headers have for them. */
const targets: Readonly<Record<string, { readonly headers: string; readonly define: string } | undefined>> = {
	x64: { headers: 'x86_64', define: 'x86' },
	arm64: { headers: 'arm64', define: 'arm64' },
};

/** The newest of the tool's versions that is on the path: `clang-19` before `clang`. */
function findTool(name: string): string | undefined {
	let best: { file: string; version: number } | undefined;
	for (const folder of (process.env.PATH ?? '').split(':')) {
		let entries: string[];
		try {
			entries = readdirSync(folder);
		} catch {
			continue;
		}
		for (const entry of entries) {
			const match = new RegExp(`^${name}(?:-(\\d+))?$`).exec(entry);
			if (match === null) continue;
			const version = Number(match[1] ?? 0);
			if (best === undefined || version > best.version) best = { file: join(folder, entry), version };
		}
	}
	return best?.file;
}

function modified(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

/** Files that a gadget's object was made of; undefined when that is not known. */
export function dependencies(folder: string): string[] | undefined {
	let text: string;
	try {
		text = readFileSync(join(folder, DEPENDENCIES), 'utf8');
	} catch {
		return undefined;
	}
	const names =
		text
			.replace(/\\\n/g, ' ')
			.replace(/^[^:]*:/, '')
			.match(/(?:\\ |[^\s])+/g) ?? [];
	return names.map((name) => resolve(folder, name.replaceAll('\\ ', ' ')));
}

/** Whether the folder has a source that is newer than its object. */
export function isStale(folder: string): boolean {
	const object = join(folder, OBJECT);
	if (!existsSync(object)) return true;
	const made = dependencies(folder) ?? [join(folder, SOURCE)];
	// A header that is gone is a change, too.
	return made.some((file) => modified(file) > modified(object));
}

/** Flags of `build.yaml`, if there is one that has any. */
function ownFlags(folder: string): string[] {
	const path = join(folder, 'build.yaml');
	if (!existsSync(path)) return [];
	const line = /^cflags:\s*(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
	return line
		.replace(/^['"]|['"]$/g, '')
		.split(/\s+/)
		.filter((flag) => flag !== '');
}

/** Where gadgets' headers are, and what the kernel's programs are compiled for. */
export function compilerFlags(folder: string): string[] {
	const target = targets[arch()];
	if (target === undefined)
		throw new IgError('IG_GADGET_BUILD', { gadget: folder, reason: `gadgets are built on x86_64 and arm64, this is ${arch()}` });
	return [
		...['-target', 'bpf', '-g', '-O2', '-Wall', `-D__TARGET_ARCH_${target.define}`],
		...[`-I${join(root, 'bpf/include')}`, `-I${join(root, 'bpf/include/vmlinux', target.headers)}`, `-I${built('native', 'include')}`],
		...ownFlags(folder),
	];
}

/** Runs a program with our stderr for its output; its exit code, or why it did not start. */
async function runTool(file: string, args: readonly string[], cwd: string): Promise<number | Error> {
	return await new Promise((resolve) => {
		// What a compiler says is no output of ours: it must not get into a pipe.
		const child = spawn(file, args, { cwd, stdio: ['ignore', process.stderr, process.stderr] });
		child.on('error', resolve);
		child.on('close', (code) => resolve(code ?? 1));
	});
}

/**
 * Builds the folder's program. What the compiler says goes to stderr as it is.
 * @throws IgError IG_GADGET_BUILD
 */
export async function buildGadget(path: string): Promise<void> {
	const folder = resolve(path);
	const fail = (reason: string): never => {
		const near = relative('', folder);
		throw new IgError('IG_GADGET_BUILD', { gadget: near === '' ? '.' : near.startsWith('..') ? folder : near, reason });
	};
	const clang = process.env.CLANG ?? findTool('clang');
	if (clang === undefined) return fail('there is no clang; install it (apt-get install clang llvm), or set CLANG');
	const object = join(folder, OBJECT);
	const made = `${object}.new`;
	const args = [...compilerFlags(folder), '-MMD', '-MF', DEPENDENCIES, '-MT', OBJECT, '-c', SOURCE, '-o', made];
	if (process.stderr.isTTY) args.push('-fcolor-diagnostics');
	const status = await runTool(clang, args, folder);
	try {
		if (status instanceof Error) return fail(`cannot start ${clang}: ${status.message}`);
		if (status !== 0) return fail('the compiler refused it');
		const strip = process.env.LLVM_STRIP ?? findTool('llvm-strip');
		// DWARF is of no use to the kernel; BTF stays.
		if (strip !== undefined) spawnSync(strip, ['-g', made], { stdio: 'ignore' });
		renameSync(made, object);
	} finally {
		rmSync(made, { force: true });
	}
}

/** Builds a folder that has a source and no object, or an older one. Returns whether it did. @throws IgError IG_GADGET_BUILD */
export async function buildIfStale(folder: string): Promise<boolean> {
	if (!isStale(folder)) return false;
	await buildGadget(folder);
	return true;
}
