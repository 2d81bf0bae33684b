/** Runs the command line as a user would, and waits for what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/host/cli/main.js', import.meta.url));

export interface Result {
	/** Exit code; null when a signal ended it. */
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export class Ig {
	readonly child: ChildProcess;
	stdout = '';
	stderr = '';
	readonly done: Promise<Result>;

	constructor(
		args: readonly string[],
		options: {
			readonly uid?: number;
			readonly env?: Readonly<Record<string, string>>;
			readonly cwd?: string;
			/** The Node.js to run it with; this one. */
			readonly node?: string;
			/** The network namespace to run it in (`ip netns`). */
			readonly netns?: string;
		} = {},
	) {
		const command = [options.node ?? process.execPath, main, ...args];
		// Not by `ip netns exec`, which hides the cgroups.
		const [program = '', ...rest] = options.netns === undefined ? command : ['nsenter', `--net=/run/netns/${options.netns}`, ...command];
		this.child = spawn(program, rest, {
			stdio: ['ignore', 'pipe', 'pipe'],
			env: { ...process.env, ...options.env },
			...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
			...(options.cwd !== undefined && { cwd: options.cwd }),
		});
		this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.stdout += text;
		});
		this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.stderr += text;
		});
		this.done = new Promise((resolve) => {
			this.child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
		});
	}

	/** Resolves when `text` is on stderr (or stdout); rejects when the process ends without it, or after 20 s. */
	async until(text: string | RegExp, where: 'stderr' | 'stdout' = 'stderr'): Promise<void> {
		const found = (): boolean => (typeof text === 'string' ? this[where].includes(text) : text.test(this[where]));
		let over = false;
		void this.done.then(() => {
			over = true;
		});
		const limit = Date.now() + 50_000;
		while (!found()) {
			if (over || Date.now() > limit)
				throw new Error(`no ${String(text)} on ${where}; stderr: ${this.stderr}; stdout: ${this.stdout.slice(0, 2000)}`);
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}

	signal(name: NodeJS.Signals): void {
		this.child.kill(name);
	}
}

/** To the end. */
export function ig(args: readonly string[], options: ConstructorParameters<typeof Ig>[1] = {}): Promise<Result> {
	return new Ig(args, options).done;
}
