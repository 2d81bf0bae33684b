/** Where things are: the repository, the benchmarks' tools, and a directory in memory for what readers write. */
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
	for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
		if (existsSync(join(folder, 'package.json'))) return folder;
	}
	throw new Error('the repository of ig is not above this file');
}

export const root = findRoot();
export const tool = (name: string): string => join(root, 'dist/bench', name);
export const ig = join(root, 'dist/host/cli/main.js');
export const page = join(root, 'docs/benchmarks.md');

/** In memory where there is a tmpfs, so that no disk is measured. */
export const scratchParent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface Scratch {
	readonly folder: string;
	/** What storms open: the paths are short enough for a column of 32. */
	readonly counted: string;
	readonly prelude: string;
	file(name: string): string;
	/** A program that does nothing, under this name. */
	program(name: string): string;
	remove(): void;
}

export function makeScratch(): Scratch {
	const folder = mkdtempSync(join(scratchParent, 'ig-'));
	const file = (name: string): string => join(folder, name);
	const scratch = {
		folder,
		counted: file('counted'),
		prelude: file('prelude'),
		file,
		program: (name: string) => {
			copyFileSync(tool('nothing'), file(name));
			return file(name);
		},
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
	for (const path of [scratch.counted, scratch.prelude]) writeFileSync(path, 'x\n');
	process.once('exit', scratch.remove);
	return scratch;
}
