/** All that one run of the benchmark found, and the tables that show it. */
import type { Drain } from './drain.js';
import { gadgetTable } from './gadget-table.js';
import type { GadgetCost } from './gadgets.js';
import type { KernelCost } from './kernel.js';
import type { LiveResult } from './live.js';
import type { CaseResult, Micro } from './micro.js';
import type { OperatorCost } from './operators.js';
import type { Soak } from './soak.js';
import type { Startup } from './startup.js';
import { type Sample, short, spread, summarize } from './statistics.js';
import type { Table } from './table.js';

export interface LiveRow {
	readonly reader: string;
	readonly runs: readonly LiveResult[];
}

export interface LiveTable {
	/** Opens per second; 0: unpaced. */
	readonly rate: number;
	/** Opens per second without a tracer. */
	readonly untraced: Sample;
	readonly rows: readonly LiveRow[];
}

export interface Results {
	readonly startup?: Startup;
	readonly drain?: Drain;
	/** ns per 1000 bytes of output. */
	readonly write?: Sample;
	readonly micro?: Micro;
	readonly kernel?: readonly KernelCost[];
	readonly live: readonly LiveTable[];
	readonly gadgets?: readonly GadgetCost[];
	readonly soak?: Soak;
	/** What could not be measured, and why. */
	readonly failures: readonly string[];
}

export const ours = 'ig json';

export function of(row: LiveRow, pick: (result: LiveResult) => number): Sample {
	return summarize(row.runs.map(pick));
}

export function findRow(results: Results, rate: number, reader: string): LiveRow | undefined {
	return results.live.find((table) => table.rate === rate)?.rows.find((row) => row.reader === reader);
}

/** Below this, other work has spoilt the numbers. */
const QUIET = 0.95;

/** A sentence for every table that a busy machine has spoilt. */
export function doubts({ live }: Results): string[] {
	return live.flatMap(({ rate, rows }) => {
		const lowest = Math.min(1, ...rows.flatMap(({ runs }) => runs.map(({ share }) => share)));
		if (lowest >= QUIET) return [];
		return [
			`${rateName(rate)}: the machine was busy, one storm had its CPU for only ${short(lowest * 100)} % of the time: do not trust these numbers`,
		];
	});
}

const ms = (seconds: number): string => `${short(seconds * 1000)} ms`;
const spreadOf = (sample: Sample, factor: number): string =>
	spread({ ...sample, median: sample.median * factor, low: sample.low * factor, high: sample.high * factor });
const megabytes = (bytes: number): string => `${short(bytes / 1e6)} MB`;

export function rateName(rate: number): string {
	return rate === 0 ? 'unpaced' : `${short(rate)} opens/s`;
}

function liveTable({ rate, untraced, rows }: LiveTable): Table {
	const us = rows.find((row) => row.reader === ours);
	const base = us && of(us, (result) => result.lifeCpuPerEvent).median;
	const lines = rows.map((row) => {
		const cpu = of(row, (result) => result.lifeCpuPerEvent);
		const opens = row.runs.reduce((sum, result) => sum + result.done, 0);
		const delivered = row.runs.reduce((sum, result) => sum + result.delivered, 0);
		const lost = opens - delivered;
		const said = row.runs.reduce((sum, result) => sum + result.saidLost, 0);
		return [
			row.reader,
			spread(of(row, (result) => result.perSecond)),
			short(delivered / row.runs.length),
			lost === 0 ? '0' : `${short(lost / row.runs.length)} (${((100 * lost) / opens).toFixed(1)} %${said === 0 ? ', says none' : ''})`,
			spreadOf(cpu, 1e6),
			base === undefined ? '-' : `${short(cpu.median / base)}×`,
			spreadOf(
				of(row, (result) => result.cpuPerEvent),
				1e6,
			),
			megabytes(of(row, (result) => result.peakRss).high),
			ms(of(row, (result) => result.first).median),
			short(of(row, (result) => result.lineBytes).median),
		];
	});
	return {
		title: `Live, ${rateName(rate)}`,
		head: [
			'reader',
			'opens/s traced',
			'delivered',
			'lost',
			'CPU µs/event',
			'to ig json',
			'… storm only',
			'peak RSS',
			'first event',
			'bytes/event',
		],
		rows: [['no tracer', spread(untraced), ...new Array<string>(8).fill('')], ...lines],
	};
}

function kernelTable(costs: readonly KernelCost[]): Table {
	return {
		title: 'Kernel side',
		text: "Time in each reader's eBPF programs per open of an unpaced storm, by the kernel's clock (`kernel.bpf_stats_enabled`, which itself costs some tens of ns per run).",
		head: ['reader', 'program runs per open', 'ns per open'],
		rows: costs.map(({ reader, runs, nanoseconds }) => [reader, short(runs), short(nanoseconds)]),
	};
}

function startupTable({ node, attached, launcher, idleRss }: Startup): Table {
	const row = (name: string, sample: Sample): string[] => [name, spreadOf(sample, 1000), `${short(sample.median / node.median)}×`];
	return {
		title: 'Startup',
		text: `Times in ms. An idle run takes ${megabytes(idleRss.median)} (RSS).`,
		head: ['exec to', 'ms', 'to node'],
		rows: [
			row('end of `node -e 0`', node),
			row('attached, `ig run trace_open`', attached),
			row('attached, through the launcher `./ig`', launcher),
		],
	};
}

function drainTable({ produce, drain }: Drain): Table {
	return {
		title: 'Ring drain',
		text: 'Records of 416 bytes, made by a BPF program under `bpf_prog_test_run`; emptied by the host into WASM memory.',
		head: ['step', 'ns/record'],
		rows: [
			['kernel: reserve, fill, submit', spread(produce)],
			['drain', spread(drain)],
		],
	};
}

function writeTable(write: Sample): Table {
	return {
		title: 'Write alone',
		text: 'CPU time of `write(2)`, 200,000 bytes at a time, to a new file where the readers of the live tables write theirs: no reader that writes as much can be below that.',
		head: ['bytes', 'ns'],
		rows: [['1,000', spread(write)]],
	};
}

function operatorList({ operators }: CaseResult): string {
	return operators.map(({ name, nsPerRow }) => `${name} ${short(nsPerRow)}`).join(', ');
}

function microTable({ rows, results }: Micro): Table {
	return {
		title: 'Chains',
		text: `A recording of ${short(rows)} opens, replayed at full speed. ns/row is of the operator that is meant, else of all operators together, after its first quarter; from cold: with it, while V8 still compiles; process: CPU time of the whole process, its start and the reading of the recording included.`,
		head: ['chain', 'ns/row', 'from cold', 'process ns/row', 'bytes/row', 'operators, ns/row'],
		rows: results.map((result) => [
			result.name,
			spread(result.cost),
			short(result.coldCost.median),
			short(result.processCost.median),
			short(result.outputBytes),
			operatorList(result),
		]),
	};
}

function operatorTable(costs: readonly OperatorCost[]): Table {
	return {
		title: 'Operators',
		text: 'One batch of opens through the chain again and again; all rows pass. ns/row, of operators in a memory of their own: copying in what they ask for, the calls, and the checks of what comes back; of the tenth of the batches that took least. Load: reading, compiling and checking the module, ms. Swap: the longest time that the pipeline stands still while a new build takes over under a storm, ms.',
		head: ['operators', 'ns/row', 'load', 'swap'],
		rows: costs.map(({ name, cost, load, swap }) => [name, spread(cost), load ? spread(load) : '', swap ? spread(swap) : '']),
	};
}

function soakTable({ seconds, opens, identity, early, late, peak, slope }: Soak): Table {
	return {
		title: 'Soak',
		text: `An unpaced storm for ${short(seconds)} s, JSON to /dev/null: ${short(opens)} opens; ${identity}.`,
		head: ['RSS', 'MB'],
		rows: [
			['after a tenth of the time', short(early / 1e6)],
			['at the end', short(late / 1e6)],
			['highest', short(peak / 1e6)],
			['growth per minute', short(slope / 1e6)],
		],
	};
}

export function tables(results: Results): Table[] {
	return [
		...results.live.map(liveTable),
		...(results.gadgets ? [gadgetTable(results.gadgets)] : []),
		...(results.kernel ? [kernelTable(results.kernel)] : []),
		...(results.micro ? [microTable(results.micro), operatorTable(results.micro.operators)] : []),
		...(results.drain ? [drainTable(results.drain)] : []),
		...(results.write ? [writeTable(results.write)] : []),
		...(results.startup ? [startupTable(results.startup)] : []),
		...(results.soak ? [soakTable(results.soak)] : []),
	];
}
