/** Gadgets beside their peers: the table, and whether they are as cheap as they should be. */
import type { GadgetCost, GadgetRow } from './gadgets.js';
import type { LiveResult } from './live.js';
import { short, spread, summarize } from './statistics.js';
import type { Table } from './table.js';
import type { Verdict } from './targets.js';

/** What two runs of the same thing differ by on a quiet machine. */
const NOISE = 1.03;
const CHEAP = 3;

const median = (row: GadgetRow, pick: (result: LiveResult) => number): number => summarize(row.runs.map(pick)).median;
const cpu = (row: GadgetRow): number => median(row, (result) => result.cpuPerEvent);
const speed = (row: GadgetRow): number => median(row, (result) => result.perSecond);
const total = (row: GadgetRow, pick: (result: LiveResult) => number): number => row.runs.reduce((sum, run) => sum + pick(run), 0);

function line(cost: GadgetCost, row: GadgetRow, us: GadgetRow | undefined): string[] {
	const events = total(row, (run) => run.events);
	const lost = events - total(row, (run) => run.delivered);
	const own = us && cpu(us);
	return [
		`${cost.gadget}: ${row.reader.name}`,
		spread(summarize(row.runs.map(({ perSecond }) => perSecond))),
		`${short(cost.untraced.median / speed(row))}×`,
		short((events - lost) / row.runs.length),
		lost <= 0 ? '0' : `${short(lost / row.runs.length)} (${((100 * lost) / events).toFixed(1)} %)`,
		short(cpu(row) * 1e6),
		own === undefined ? '-' : `${short(cpu(row) / own)}×`,
		short(median(row, (run) => run.lifeCpuPerEvent) * 1e6),
		`${short(Math.max(...row.runs.map(({ peakRss }) => peakRss)) / 1e6)} MB`,
		`${short(median(row, (run) => run.first) * 1000)} ms`,
	];
}

export function gadgetTable(costs: readonly GadgetCost[]): Table {
	return {
		title: 'Gadgets',
		text:
			'Unpaced storms of what each gadget watches, from one process; ig writes JSON with all default fields. *work/s*: how often the process does it while it is watched; *slow-down*: against no tracer. ' +
			'*CPU*: user and system time of the reader from the begin of the storm to its last line, per event that it showed; *whole life*: with its start and end, which dominate in so short a run. ' +
			'Events are what the reader is made to show: trace_dns and bpftrace show a message as it goes out and as it comes in, tcpdump once; tcplife shows one line for each end of a connection; top_file counts reads and writes.',
		head: [
			'gadget: reader',
			'work/s',
			'slow-down',
			'delivered',
			'lost',
			'CPU µs/event',
			'to ig',
			'… whole life',
			'peak RSS',
			'first event',
		],
		rows: costs.flatMap((cost) => [
			[`${cost.gadget}: no tracer (${cost.unit})`, spread(cost.untraced), ...new Array<string>(8).fill('')],
			...cost.rows.map((row) =>
				line(
					cost,
					row,
					cost.rows.find(({ reader }) => reader.name === 'ig'),
				),
			),
		]),
	};
}

/** Ours, and of the peers the one that takes least CPU per event. */
function pair({ rows }: GadgetCost): readonly [GadgetRow, GadgetRow] | undefined {
	const us = rows.find(({ reader }) => reader.name === 'ig');
	const [peer] = rows.filter((row) => row !== us).sort((a, b) => cpu(a) - cpu(b));
	return us && peer && [us, peer];
}

export function gadgetVerdicts(costs: readonly GadgetCost[]): Verdict[] {
	const verdicts: Verdict[] = [];
	const pairs: (readonly [GadgetRow, GadgetRow])[] = [];
	for (const cost of costs) {
		const found = pair(cost);
		if (found === undefined) continue;
		pairs.push(found);
		const [us, peer] = found;
		const lost = total(us, (run) => run.events) - total(us, (run) => run.delivered);
		verdicts.push({
			target: `${cost.gadget} beside ${peer.reader.name}: no more CPU per event, the traced program no slower, nothing lost`,
			measured: `${short(cpu(us) * 1e6)} µs against ${short(cpu(peer) * 1e6)} µs, ${short(speed(us))}/s against ${short(speed(peer))}/s${lost > 0 ? `, ${short(lost)} lost` : ''}`,
			met: cpu(us) <= cpu(peer) && speed(us) * NOISE >= speed(peer) && lost <= 0,
		});
	}
	if (pairs.length === 0) return verdicts;
	const cheap = pairs.filter(([us, peer]) => cpu(us) * CHEAP <= cpu(peer)).length;
	return [
		...verdicts,
		{
			target: `at least half of these gadgets at most a third of their peer's CPU per event`,
			measured: `${cheap} of ${pairs.length}`,
			met: cheap * 2 >= pairs.length,
		},
	];
}
