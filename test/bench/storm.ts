/** A process that does one thing again and again when told to (storm.c). */
import { LineTool } from './lines.js';
import { tool } from './paths.js';

/** What it does (work.c): open files, run programs, connect, ask for names, write and read a file, compute. */
export type Work = 'open' | 'exec' | 'tcp' | 'dns' | 'file' | 'cpu';

export interface StormResult {
	/** How often. */
	readonly done: number;
	readonly seconds: number;
	/** Part of the time in which it had a CPU; 1 on a machine with nothing else to do. */
	readonly share: number;
}

export interface StormRun {
	/** Per second; 0: as often as it can. */
	readonly rate: number;
	readonly seconds: number;
	/** Ends it earlier. */
	readonly count?: number;
	/** A path, an address or a name: see work.c. */
	readonly target: string;
}

export class Storm {
	readonly pid: number;
	readonly #tool: LineTool;

	private constructor(lines: LineTool, pid: number) {
		this.#tool = lines;
		this.pid = pid;
	}

	static async start(cpu: number, work: Work = 'open'): Promise<Storm> {
		const lines = new LineTool(tool('storm'), [String(cpu), work]);
		const { pid } = await lines.demand('pid', 5000);
		return new Storm(lines, pid as number);
	}

	async run({ rate, seconds, count = 1e9, target }: StormRun): Promise<StormResult> {
		this.#tool.send(`run ${rate} ${seconds} ${Math.floor(count)} ${target}`);
		const answer = await this.#tool.demand('done', (seconds + 30) * 1000);
		if (answer.failed !== 0) throw new Error(`the storm failed ${answer.failed} times at ${target}`);
		const { done = 0, seconds: took = 0, cpu = 0 } = answer;
		return { done, seconds: took, share: cpu / took };
	}

	/** Ends the run that is under way. */
	cut(): void {
		process.kill(this.pid, 'SIGUSR1');
	}

	close(): void {
		this.#tool.close();
	}
}
