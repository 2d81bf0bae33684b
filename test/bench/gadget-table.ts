/** Gadgets beside their peers: the table, and whether they are as cheap as they should be. */
import type { GadgetCost, GadgetRow } from './gadgets.js';
import type { LiveResult } from './live.js';
import { short, spread, summarize } from './statistics.js';
import type { Table } from './table.js';
import type { Verdict } from './targets.js';

/** What two runs of the same thing differ by on a quiet machine. */
const NOISE = 1.03;
const CHEAP = 3;
/** What counts may be off by: a map's entry may be counted in while it is taken, and how often a profiler had to look is an estimate. */
const MISCOUNT = { part: 1e-4, events: 3 };

const median = (row: GadgetRow, pick: (result: LiveResult) => number): number => summarize(row.runs.map(pick)).median;
/** Per second in which the traced program had its CPU. */
const perSecond = ({ perSecond, share }: LiveResult): number => perSecond / share;
const speed = (row: GadgetRow): number => median(row, perSecond);
/** Of the reader. */
const cpu = (row: GadgetRow): number => median(row, (result) => result.cpuPerEvent);
/** What the traced program itself does for an event to be seen; nothing where the difference is no more than noise. */
function traced(cost: GadgetCost, row: GadgetRow): number {
	const [alone, watched] = [1 / cost.untraced.median, 1 / speed(row)];
	if (watched <= alone * NOISE) return 0;
	return (watched - alone) * (total(row, (run) => run.done) / total(row, (run) => run.events));
}
const both = (cost: GadgetCost, row: GadgetRow): number => cpu(row) + traced(cost, row);
const total = (row: GadgetRow, pick: (result: LiveResult) => number): number => row.runs.reduce((sum, run) => sum + pick(run), 0);

function line(cost: GadgetCost, row: GadgetRow, us: GadgetRow | undefined): string[] {
	const events = total(row, (run) => run.events);
	const lost = events - total(row, (run) => run.delivered);
	const own = us && both(cost, us);
	return [
		`${cost.gadget}: ${row.reader.name}`,
		spread(summarize(row.runs.map(perSecond))),
		`${short(cost.untraced.median / speed(row))}×`,
		short((events - lost) / row.runs.length),
		lost <= 0 ? '0' : `${short(lost / row.runs.length)} (${((100 * lost) / events).toFixed(1)} %)`,
		short(cpu(row) * 1e6),
		short(traced(cost, row) * 1e6),
		short(both(cost, row) * 1e6),
		own === undefined ? '-' : `${short(both(cost, row) / own)}×`,
		short(median(row, (run) => run.lifeCpuPerEvent) * 1e6),
		`${short(Math.max(...row.runs.map(({ peakRss }) => peakRss)) / 1e6)} MB`,
		`${short(median(row, (run) => run.first) * 1000)} ms`,
	];
}

export function gadgetTable(costs: readonly GadgetCost[]): Table {
	return {
		title: 'Gadgets',
		text:
			'Unpaced storms of what each gadget watches, from one process; ig writes JSON with all default fields. *work/s*: how often the process does it while it is watched, per second in which it has its CPU; *slow-down*: against no tracer. ' +
			'*Reader*: its CPU time, user and system, from the begin of the storm to its last line, per event that it showed; *whole life*: with its start and end, which dominate in so short a run. ' +
			'*Traced*: the CPU time that the process takes longer, per event that there was (less than 3 % is noise, and counts as none); gadgets that count do nearly all of their work there. *CPU* is both. ' +
			'Events are what the reader is made to show: trace_dns and bpftrace show a message as it goes out and as it comes in, tcpdump once; tcplife shows one line for each end of a connection; top_file counts reads and writes. ' +
			'A gadget is judged beside the peer that takes least CPU; tcpdump, which does not know whose a message is, is not one.',
		head: [
			'gadget: reader',
			'work/s',
			'slow-down',
			'delivered',
			'lost',
			'reader µs/event',
			'traced µs/event',
			'CPU µs/event',
			'to ig',
			'reader, whole life',
			'peak RSS',
			'first event',
		],
		rows: costs.flatMap((cost) => [
			[`${cost.gadget}: no tracer (${cost.unit})`, spread(cost.untraced), ...new Array<string>(10).fill('')],
			...cost.rows.map((row) =>
				line(
					cost,
					row,
					cost.rows.find(({ role }) => role === 'ours'),
				),
			),
		]),
	};
}

/** Events that should have been shown and were not. */
function lostBy(row: GadgetRow): number {
	const events = total(row, (run) => run.events);
	const lost = events - total(row, (run) => run.delivered);
	const excused = row.reader.tally === undefined ? 0 : Math.max(events * MISCOUNT.part, MISCOUNT.events * row.runs.length);
	return lost > excused ? lost : 0;
}

/** Ours, and of the peers the one that takes least CPU per event. */
function pair(cost: GadgetCost): readonly [GadgetRow, GadgetRow] | undefined {
	const { rows } = cost;
	const us = rows.find(({ role }) => role === 'ours');
	const [peer] = rows.filter(({ role }) => role === 'peer').sort((a, b) => both(cost, a) - both(cost, b));
	return us && peer && [us, peer];
}

export function gadgetVerdicts(costs: readonly GadgetCost[]): Verdict[] {
	const verdicts: Verdict[] = [];
	const ratios: number[] = [];
	for (const cost of costs) {
		const found = pair(cost);
		if (found === undefined) continue;
		const [us, peer] = found;
		const [own, other] = [both(cost, us), both(cost, peer)];
		ratios.push(own / other);
		const lost = lostBy(us);
		verdicts.push({
			target: `${cost.gadget} beside ${peer.reader.name}: no more CPU per event, the traced program no slower, nothing lost`,
			measured: `${short(own * 1e6)} µs against ${short(other * 1e6)} µs, ${short(speed(us))}/s against ${short(speed(peer))}/s${lost > 0 ? `, ${short(lost)} lost` : ''}`,
			met: own <= other && speed(us) * NOISE >= speed(peer) && lost <= 0,
		});
	}
	if (ratios.length === 0) return verdicts;
	const cheap = ratios.filter((ratio) => ratio * CHEAP <= 1).length;
	return [
		...verdicts,
		{
			target: `at least half of these gadgets at most a third of their peer's CPU per event`,
			measured: `${cheap} of ${ratios.length}`,
			met: cheap * 2 >= ratios.length,
		},
	];
}
