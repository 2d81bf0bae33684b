/** Runs `ig` as a user would, and things for it to see. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pipeline.js';

const main = join(root, 'dist/host/cli/main.js');

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

export interface IgResult {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A running `ig`. */
export class Ig {
	readonly process: ChildProcess;
	readonly result: Promise<IgResult>;
	#stdout = '';
	#stderr = '';
	#changed: (() => void)[] = [];

	constructor(args: readonly string[], options: { readonly cwd?: string } = {}) {
		this.process = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
		this.process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#stdout += text)));
		this.process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#stderr += text)));
		this.result = new Promise((resolve) => {
			this.process.on('close', (code, signal) => {
				this.#heard(() => {});
				resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
			});
		});
	}

	/** Waits until `found` is true of what was printed so far. Rejects when ig ends first. */
	async until(found: (output: { stdout: string; stderr: string }) => boolean): Promise<void> {
		while (!found({ stdout: this.#stdout, stderr: this.#stderr })) {
			if (this.process.exitCode !== null) throw new Error(`ig ended with ${this.process.exitCode}: ${this.#stderr}`);
			await new Promise<void>((resolve) => this.#changed.push(resolve));
		}
	}

	/** Needs `-v`. */
	running(): Promise<void> {
		return this.until(({ stderr }) => stderr.includes('running...'));
	}

	stop(signal: NodeJS.Signals = 'SIGINT'): Promise<IgResult> {
		this.process.kill(signal);
		return this.result;
	}

	#heard(change: () => void): void {
		change();
		for (const resolve of this.#changed.splice(0)) resolve();
	}
}

/** Runs `ig` to its end. */
export function ig(...args: readonly string[]): Promise<IgResult> {
	return new Ig(args).result;
}

/** Starts `ig run …`, does something once its programs are attached, and ends it in order. */
export async function igDuring(args: readonly string[], action: () => void | Promise<void>): Promise<IgResult> {
	const running = new Ig(['run', ...args, '-v']);
	await running.running();
	await action();
	return await running.stop();
}

/** The JSON objects of `-o json`. */
export function jsonLines<T>({ stdout }: IgResult): T[] {
	return stdout
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as T);
}

/** Inode of a namespace of this process, as the kernel records it. */
export function namespaceId(kind: 'mnt' | 'net' | 'pid'): number {
	return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/self/ns/${kind}`))?.[1]);
}
