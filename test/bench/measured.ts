/** A command whose time and memory are measured (measure.c). */
import { LineTool } from './lines.js';
import { tool } from './paths.js';

export interface MeasureOptions {
	readonly command: readonly string[];
	/** Pinned to it. */
	readonly cpu?: number;
	readonly stdout?: string;
	readonly stderr?: string;
	/** Tells when the text first is in the file. */
	readonly watch?: { readonly file: string; readonly text: string };
	/** Tells when the text first is on its stderr. */
	readonly ready?: string;
}

/** Times in seconds, memory in bytes. */
export interface Usage {
	/** From exec to end. */
	readonly wall: number;
	/** Of the whole process tree, user and system. */
	readonly cpu: number;
	/** The largest of its processes. */
	readonly peakRss: number;
	readonly status: number;
}

const STOP_MS = 60_000;

export class Measured {
	readonly #tool: LineTool;

	constructor({ command, cpu, stdout, stderr, watch, ready }: MeasureOptions) {
		const args: string[] = [];
		if (cpu !== undefined) args.push('-c', String(cpu));
		if (stdout !== undefined) args.push('-o', stdout);
		if (stderr !== undefined) args.push('-e', stderr);
		if (watch !== undefined) args.push('-w', watch.file, watch.text);
		if (ready !== undefined) args.push('-r', ready);
		this.#tool = new LineTool(tool('measure'), [...args, '--', ...command]);
	}

	/** Seconds from exec until the watched text was there; undefined: it was not, in time or at all. */
	async first(milliseconds: number): Promise<number | undefined> {
		return seconds((await this.#tool.take('first', milliseconds))?.first);
	}

	async ready(milliseconds: number): Promise<number | undefined> {
		return seconds((await this.#tool.take('ready', milliseconds))?.ready);
	}

	/** Of the command itself. */
	async pid(): Promise<number> {
		return (await this.#tool.demand('pid', 5000)).pid as number;
	}

	/** CPU time of the tree so far, seconds. */
	async cpu(): Promise<number> {
		this.#tool.send('sample');
		return ((await this.#tool.demand('sample', 5000)).cpu as number) / 1e6;
	}

	/** Interrupts it, kills it when it does not end, and waits. */
	async stop(): Promise<Usage> {
		this.#tool.send('stop');
		return this.ended(STOP_MS);
	}

	async ended(milliseconds: number): Promise<Usage> {
		const answer = await this.#tool.take('end', milliseconds);
		this.#tool.close();
		const { end = 0, user = 0, system = 0, rss = 0, status = 0 } = answer ?? (await this.#tool.demand('end', 5000));
		return { wall: end / 1e6, cpu: (user + system) / 1e6, peakRss: rss * 1024, status };
	}

	/** When its result does not matter any more. */
	kill(): void {
		this.#tool.close();
	}
}

function seconds(microseconds: number | undefined): number | undefined {
	return microseconds === undefined ? undefined : microseconds / 1e6;
}
