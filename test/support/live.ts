/** Live runs: `ig run …` while a test makes things happen that it can recognise. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Ig, type Result } from './cli.js';
import { root } from './pipeline.js';

/** Compiles `test/fixtures/NAME.c` when it is stale; the binary's path. */
export function fixture(name: string): string {
	const source = join(root, 'test/fixtures', `${name}.c`);
	const binary = join(root, 'dist/fixtures', name);
	if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) {
		mkdirSync(join(root, 'dist/fixtures'), { recursive: true });
		execFileSync('cc', ['-O1', '-Wall', '-Werror', '-pthread', '-o', binary, source]);
	}
	return binary;
}

/** Starts `ig run …`, does something once its programs are attached, and ends it in order. */
export async function igDuring(args: readonly string[], action: () => void | Promise<void>): Promise<Result> {
	const running = new Ig(['run', ...args, '-v']);
	await running.until('running...');
	await action();
	running.signal('SIGINT');
	return await running.done;
}

/** The JSON objects of `-o json`. */
export function jsonLines<T>({ stdout }: Result): T[] {
	return stdout
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as T);
}

/** Inode of a namespace of this process, as the kernel records it. */
export function namespaceId(kind: 'mnt' | 'net' | 'pid'): number {
	return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[1]);
}
