/** A process that opens files when told to (storm.c). */
import { LineTool } from './lines.js';
import { tool } from './paths.js';

export interface StormResult {
	readonly opens: number;
	readonly seconds: number;
	/** Part of the time in which it had a CPU; 1 on a machine with nothing else to do. */
	readonly share: number;
}

export interface StormRun {
	/** Opens per second; 0: as many as it can. */
	readonly rate: number;
	readonly seconds: number;
	/** Ends it earlier. */
	readonly count?: number;
	readonly path: string;
}

export class Storm {
	readonly pid: number;
	readonly #tool: LineTool;

	private constructor(lines: LineTool, pid: number) {
		this.#tool = lines;
		this.pid = pid;
	}

	static async start(cpu: number): Promise<Storm> {
		const lines = new LineTool(tool('storm'), [String(cpu)]);
		const { pid } = await lines.demand('pid', 5000);
		return new Storm(lines, pid as number);
	}

	async run({ rate, seconds, count = 1e9, path }: StormRun): Promise<StormResult> {
		this.#tool.send(`run ${rate} ${seconds} ${Math.floor(count)} ${path}`);
		const answer = await this.#tool.demand('opens', (seconds + 30) * 1000);
		if (answer.failed !== 0) throw new Error(`the storm could not open ${path}`);
		const { opens = 0, seconds: took = 0, cpu = 0 } = answer;
		return { opens, seconds: took, share: cpu / took };
	}

	/** Ends the run that is under way. */
	cut(): void {
		process.kill(this.pid, 'SIGUSR1');
	}

	close(): void {
		this.#tool.close();
	}
}
