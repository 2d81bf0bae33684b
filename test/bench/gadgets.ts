/** Each of the usual gadgets beside its peers, under storms of what it watches. */
import { gadgetCases } from './gadget-cases.js';
import { type Cpus, type LiveResult, ReaderFailed, watchStorm, withoutReader } from './live.js';
import type { Scratch } from './paths.js';
import type { Reader } from './readers.js';
import { type Sample, summarize } from './statistics.js';

export interface GadgetRow {
	readonly reader: Reader;
	readonly runs: readonly LiveResult[];
	readonly role: 'ours' | 'peer' | 'other';
}

export interface GadgetCost {
	readonly gadget: string;
	readonly unit: string;
	/** Per second of CPU time, without a tracer. */
	readonly untraced: Sample;
	/** Ours first; peers that work here. */
	readonly rows: readonly GadgetRow[];
}

export interface GadgetOptions {
	readonly runs: number;
	/** Of one storm. */
	readonly seconds: number;
	/** Of the gadgets, only these. */
	readonly only: readonly string[] | undefined;
	readonly say: (text: string) => void;
}

/** Unpaced storms; all readers take turns in each round. Peers that do not run on this kernel go to `failures`. */
export async function measureGadgets(scratch: Scratch, cpus: Cpus, options: GadgetOptions, failures: string[]): Promise<GadgetCost[]> {
	const costs: GadgetCost[] = [];
	for (const { gadget, unit, subject, ours, peers, others = [] } of gadgetCases(scratch)) {
		if (options.only !== undefined && !options.only.includes(gadget)) continue;
		const storm = { rate: 0, seconds: options.seconds };
		const untraced: number[] = [];
		const row = (reader: Reader, role: GadgetRow['role']) => ({ reader, role, runs: [] as LiveResult[], failed: false });
		const rows = [row(ours, 'ours'), ...peers.map((peer) => row(peer, 'peer')), ...others.map((other) => row(other, 'other'))];
		for (let round = 1; round <= options.runs; round++) {
			options.say(`${gadget}, round ${round} of ${options.runs}`);
			const alone = await withoutReader(subject, cpus, { ...storm, seconds: Math.min(storm.seconds, 2) });
			untraced.push(alone.done / alone.seconds / alone.share);
			for (const row of rows.filter(({ failed }) => !failed)) {
				try {
					row.runs.push(await watchStorm(row.reader, subject, scratch, cpus, storm));
				} catch (error) {
					if (!(error instanceof ReaderFailed)) throw error;
					row.failed = true;
					failures.push(`${gadget} beside ${error.message}`);
				}
			}
		}
		costs.push({ gadget, unit, untraced: summarize(untraced), rows: rows.filter(({ runs, failed }) => !failed && runs.length > 0) });
	}
	return costs;
}
