/** A child that answers in lines of JSON: the tools in C. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Answer = Readonly<Record<string, number>>;

export class LineTool {
	readonly child: ChildProcessWithoutNullStreams;
	readonly #answers: Answer[] = [];
	#waiting: (() => void)[] = [];
	#ended = false;
	#errors = '';

	constructor(command: string, args: readonly string[]) {
		this.child = spawn(command, args, { stdio: 'pipe' });
		this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
			this.#errors = (this.#errors + text).slice(-4000);
		});
		this.child.stdin.on('error', () => {});
		createInterface({ input: this.child.stdout })
			.on('line', (line) => {
				this.#answers.push(JSON.parse(line) as Answer);
				this.#wake();
			})
			.on('close', () => {
				this.#ended = true;
				this.#wake();
			});
	}

	send(line: string): void {
		this.child.stdin.write(`${line}\n`);
	}

	/** The first answer that has this key and was not taken yet; undefined after `milliseconds`, or when the tool has ended without. */
	async take(key: string, milliseconds: number): Promise<Answer | undefined> {
		const deadline = performance.now() + milliseconds;
		for (;;) {
			const index = this.#answers.findIndex((answer) => key in answer);
			if (index >= 0) return this.#answers.splice(index, 1)[0];
			const left = deadline - performance.now();
			if (this.#ended || left <= 0) return undefined;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, left);
				this.#waiting.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	/** Like {@link take}, for what must come. */
	async demand(key: string, milliseconds: number): Promise<Answer> {
		const answer = await this.take(key, milliseconds);
		if (answer === undefined) throw new Error(`${this.child.spawnfile} did not answer '${key}' ${this.#errors}`);
		return answer;
	}

	/** Ends it: both tools end with their stdin. */
	close(): void {
		this.child.stdin.end();
	}

	#wake(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const resolve of waiting) resolve();
	}
}
