/** What readers' eBPF programs cost inside the traced program, by the kernel's own clock (kernel.bpf_stats_enabled). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Cpus, opens, ReaderFailed, watchStorm } from './live.js';
import type { Scratch } from './paths.js';
import type { Reader } from './readers.js';

const SWITCH = '/proc/sys/kernel/bpf_stats_enabled';

export interface KernelCost {
	readonly reader: string;
	/** Runs of its programs per open. */
	readonly runs: number;
	/** ns in its programs per open, wake-ups of the reader from there included. */
	readonly nanoseconds: number;
}

/** Runs and ns of all programs that a process holds, from its descriptors. */
function programs(pid: number): { runs: number; nanoseconds: number } {
	const folder = `/proc/${pid}/fdinfo`;
	const seen = new Set<string>();
	let runs = 0;
	let nanoseconds = 0;
	for (const fd of readdirSync(folder)) {
		const info = readFileSync(`${folder}/${fd}`, 'latin1');
		const value = (key: string): string | undefined => new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(info)?.[1];
		const id = value('prog_id');
		// Links name their program, too.
		if (id === undefined || value('run_cnt') === undefined || seen.has(id)) continue;
		seen.add(id);
		runs += Number(value('run_cnt'));
		nanoseconds += Number(value('run_time_ns'));
	}
	return { runs, nanoseconds };
}

/** Unpaced storms. The clock itself costs some tens of ns per run, alike for all. */
export async function measureKernel(readers: readonly Reader[], scratch: Scratch, cpus: Cpus, seconds: number): Promise<KernelCost[]> {
	const before = readFileSync(SWITCH, 'latin1');
	const costs: KernelCost[] = [];
	writeFileSync(SWITCH, '1\n');
	const restore = (): void => writeFileSync(SWITCH, before);
	process.once('exit', restore);
	try {
		for (const reader of readers) {
			const marks: ReturnType<typeof programs>[] = [];
			try {
				const inspect = (pid: number): void => void marks.push(programs(pid));
				const { done } = await watchStorm(reader, opens(scratch), scratch, cpus, { rate: 0, seconds, inspect });
				const [begin, end] = marks;
				// Not every reader has programs.
				if (begin === undefined || end === undefined || end.runs === 0) continue;
				costs.push({
					reader: reader.name,
					runs: (end.runs - begin.runs) / done,
					nanoseconds: (end.nanoseconds - begin.nanoseconds) / done,
				});
			} catch (error) {
				if (!(error instanceof ReaderFailed)) throw error;
			}
		}
	} finally {
		restore();
		process.off('exit', restore);
	}
	return costs;
}
