/** What the numbers must show, and whether they do. */
import { gadgetVerdicts } from './gadget-table.js';
import type { OperatorCost } from './operators.js';
import { findRow, type LiveRow, of, ours, type Results } from './results.js';
import { type Sample, short } from './statistics.js';
import type { Table } from './table.js';

export interface Verdict {
	readonly target: string;
	readonly measured: string;
	/** Undefined: what was measured is too little to judge by. */
	readonly met: boolean | undefined;
	/** Of a target that is missed. */
	readonly why?: string;
}

/** A target whose part of the benchmark did not run has no verdict. */
type Judge = (results: Results) => Verdict | undefined;

const UNPACED = 0;
/** A shorter soak proves nothing. */
const FLAT_SECONDS = 600;

const nothingLost: Judge = (results) => {
	const row = findRow(results, UNPACED, ours);
	if (row === undefined) return undefined;
	const opens = row.runs.reduce((sum, run) => sum + run.done, 0);
	const delivered = row.runs.reduce((sum, run) => sum + run.delivered, 0);
	const malformed = row.runs.reduce((sum, run) => sum + run.malformed, 0);
	const measured = `${short(delivered)} of ${short(opens)}${malformed > 0 ? `, ${malformed} malformed` : ''}`;
	return { target: 'unpaced, JSON: nothing lost, all delivered', measured, met: delivered === opens && malformed === 0 };
};

const tracedSpeed: Judge = (results) => {
	const row = findRow(results, UNPACED, ours);
	const other = findRow(results, UNPACED, 'opensnoop');
	if (row === undefined || other === undefined) return undefined;
	const factor = of(row, (run) => run.perSecond).median / of(other, (run) => run.perSecond).median;
	return { target: 'traced program at least 2 × as fast as under opensnoop', measured: `${short(factor)} ×`, met: factor >= 2 };
};

/** What the output alone takes, which is no reader's own doing. */
function why({ write }: Results, row: LiveRow, other: LiveRow): { readonly why?: string } {
	if (write === undefined) return {};
	const [bytes, theirs] = [of(row, (run) => run.lineBytes).median, of(other, (run) => run.lineBytes).median];
	const alone = (write.median * bytes) / 1000;
	const storm = of(row, (run) => run.cpuPerEvent).median * 1e6;
	const life = of(row, (run) => run.lifeCpuPerEvent).median * 1e6;
	return {
		why:
			`of the ${short(life)} µs, the kernel takes ${short(alone / 1000)} to write the ${short(bytes)} bytes of an event (${row.reader} shows every field; ${other.reader} writes ${short(theirs)} bytes), ` +
			`and start and end ${short(life - storm)} in so short a run`,
	};
}

function cpuAtMost(peer: string, share: number, text: string): Judge {
	return (results) => {
		const row = findRow(results, UNPACED, ours);
		const other = findRow(results, UNPACED, peer);
		if (row === undefined || other === undefined) return undefined;
		const own = of(row, (run) => run.lifeCpuPerEvent).median;
		const theirs = of(other, (run) => run.lifeCpuPerEvent).median;
		const measured = `${short(own * 1e6)} µs against ${short(theirs * 1e6)} µs: ${short(own / theirs)}`;
		return { target: text, measured, met: own <= theirs * share, ...why(results, row, other) };
	};
}

function operatorAtMost(name: string, limit: number): Judge {
	return ({ micro }) => {
		const found = micro?.operators.find((candidate) => candidate.name === name);
		if (found === undefined) return undefined;
		return {
			target: `${name}: at most ${limit} ns per event`,
			measured: `${short(found.cost.median)} ns`,
			met: found.cost.median <= limit,
		};
	};
}

function longest(target: string, limit: number, pick: (cost: OperatorCost) => Sample | undefined): Judge {
	return ({ micro }) => {
		const took = (cost: OperatorCost): number => pick(cost)?.median ?? 0;
		const [worst] = [...(micro?.operators ?? [])].sort((a, b) => took(b) - took(a));
		if (worst === undefined) return undefined;
		return { target, measured: `${short(took(worst))} ms (${worst.name})`, met: took(worst) < limit };
	};
}

const attached: Judge = ({ startup }) => {
	if (startup === undefined) return undefined;
	const factor = startup.launcher.median / startup.node.median;
	return { target: 'exec to attached at most 8 × `node -e 0`', measured: `${short(factor)} × (launcher included)`, met: factor <= 8 };
};

const memory: Judge = (results) => {
	const row = findRow(results, UNPACED, ours);
	if (row === undefined) return undefined;
	const rss = of(row, (run) => run.peakRss).high;
	return { target: 'RSS under 120 MB at full load', measured: `${short(rss / 1e6)} MB`, met: rss < 120e6 };
};

const flat: Judge = ({ soak }) => {
	if (soak === undefined) return undefined;
	const measured = `${short(soak.early / 1e6)} to ${short(soak.late / 1e6)} MB in ${short(soak.seconds / 60)} min, ${short(soak.slope / 1e6)} MB/min`;
	// Flat: what it grows in ten minutes is less than a collector's noise.
	return { target: 'RSS flat over ten minutes', measured, met: soak.seconds < FLAT_SECONDS ? undefined : soak.slope * 10 < 5e6 };
};

const judges: readonly Judge[] = [
	nothingLost,
	tracedSpeed,
	cpuAtMost('opensnoop', 1 / 8, "CPU per event at most 1/8 of opensnoop's"),
	cpuAtMost('C reader', 1, "CPU per event not above the C reader's"),
	operatorAtMost('filter on two fields, Rust', 15),
	operatorAtMost('filter on two fields, AssemblyScript', 30),
	operatorAtMost('filter on two fields, C (WASI)', 15),
	operatorAtMost('filter on two fields, Go (WASI)', 40),
	operatorAtMost('ten that pass all on, of two fields', 400),
	longest('a module takes over in under 20 ms', 20, ({ swap }) => swap),
	longest('a module is loaded in under 30 ms', 30, ({ load }) => load),
	operatorAtMost('JSON, formatters included', 250),
	operatorAtMost('columns, formatters included', 300),
	attached,
	memory,
	flat,
];

function outcome({ met, why }: Verdict): string {
	if (met === undefined) return 'too short to judge';
	if (met) return 'met';
	return why === undefined ? '**missed**' : `**missed**: ${why}`;
}

export function judge(results: Results): Table {
	const found = judges.map((each) => each(results)).filter((verdict) => verdict !== undefined);
	const verdicts = [...found, ...gadgetVerdicts(results.gadgets ?? [])];
	return {
		title: 'Targets',
		head: ['target', 'measured', ''],
		rows: verdicts.map((verdict) => [verdict.target, verdict.measured, outcome(verdict)]),
	};
}
