/** What a run did, for people: the table of `--stats`, and the line that is shown without it when something is missing. */
import type { Histogram, MetricStats } from '../pipeline/metrics.js';
import type { OperatorStats, PipelineStats } from '../pipeline/plan.js';
import { printable } from './report.js';

function bytes(count: number): string {
	if (count < 1024) return `${count} B`;
	const kib = count / 1024;
	return kib < 1024 ? `${kib.toFixed(0)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}

/** Submitted records that are in none of the other counts: read from the ring, but not through the chain yet. */
function inFlight(stats: PipelineStats): number {
	return stats.submitted - stats.delivered - stats.filtered - stats.lost - stats.dropped;
}

/** `submitted 10 = delivered 7 + filtered 2 + lost 1`. */
export function identity(stats: PipelineStats): string {
	const rest = inFlight(stats);
	const byKernel = stats.filteredByKernel > 0 ? ` (${stats.filteredByKernel} in the kernel)` : '';
	const parts = [`delivered ${stats.delivered}`, `filtered ${stats.filtered}${byKernel}`, `lost ${stats.lost}`];
	if (stats.dropped > 0) parts.push(`dropped ${stats.dropped}`);
	if (rest !== 0) parts.push(`in flight ${rest}`);
	return `submitted ${stats.submitted} = ${parts.join(' + ')}`;
}

/** `emitted 10 = delivered 9 + filtered 1`; undefined when operators emitted nothing. */
function emittedIdentity({ emitted: { emitted, delivered, filtered, dropped } }: PipelineStats): string | undefined {
	if (emitted === 0) return undefined;
	const rest = emitted - delivered - filtered - dropped;
	const parts = [`delivered ${delivered}`, `filtered ${filtered}`];
	if (dropped > 0) parts.push(`dropped ${dropped}`);
	if (rest !== 0) parts.push(`in flight ${rest}`);
	return `emitted ${emitted} = ${parts.join(' + ')}`;
}

/** The line at the end of a run without --stats; undefined when nothing is missing. */
export function missing(stats: PipelineStats): string | undefined {
	const lines = [
		...(stats.lost === 0 && stats.dropped === 0 ? [] : [identity(stats)]),
		...(stats.emitted.dropped === 0 ? [] : [emittedIdentity(stats)]),
	];
	return lines.length === 0 ? undefined : lines.join('; ');
}

const headings = ['OPERATOR', 'BATCHES', 'ROWS IN', 'ROWS OUT', 'EMITTED', 'NS/ROW', 'MEMORY', 'ERRORS', 'LIMITS HIT', 'STATE'];
/** Columns that are text: these stand on the left of their space. */
const texts = ['OPERATOR', 'LIMITS HIT', 'STATE'];

/** `time 2, log 950, memory`. */
function limitsHit({ limitsHit: { time, log, rows, memory } }: OperatorStats): string {
	return (
		[time > 0 && `time ${time}`, log > 0 && `log ${log}`, rows > 0 && `rows ${rows}`, memory && 'memory'].filter(Boolean).join(', ') || '-'
	);
}

/** `quarantined: failed in ig_batch: unreachable`. */
function state({ state: now, reason }: OperatorStats): string {
	return now === 'quarantined' && reason !== undefined ? `${now}: ${printable(reason).replace(/\s+/g, ' ').slice(0, 100)}` : now;
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
	const all = [headings, ...rows];
	const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
	return all.map((row) =>
		row
			.map((cell, column) =>
				texts.includes(headings[column] ?? '') ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
			)
			.join('  ')
			.trimEnd(),
	);
}

function short(value: number): string {
	return Number.isInteger(value) ? String(value) : value.toPrecision(6).replace(/\.?0+$/, '');
}

/** A histogram in a line: how many, the mean, and the bounds below which half and 99 % of the values are. */
function distribution({ count, sum, least, greatest, buckets }: Histogram): string {
	if (count === 0) return 'no values';
	const bound = (part: number): string => {
		let seen = 0;
		const bucket = buckets.findIndex((values) => {
			seen += values;
			return seen >= count * part;
		});
		return short(Math.min(2 ** bucket, greatest));
	};
	return `${count} values, mean ${short(sum / count)}, min ${short(least)}, half <= ${bound(0.5)}, 99% <= ${bound(0.99)}, max ${short(greatest)}`;
}

function metricTable(metrics: readonly MetricStats[]): string[] {
	if (metrics.length === 0) return [];
	const rows = metrics.map(({ operator, name, kind, unit, value, histogram }) => [
		operator,
		name,
		kind,
		`${histogram === undefined ? short(value) : distribution(histogram)}${unit === '' ? '' : ` ${unit}`}`,
	]);
	return table(['OPERATOR', 'METRIC', 'KIND', 'VALUE'], rows);
}

export function statsTable(stats: PipelineStats): string {
	const rows = stats.operators.map((operator) => [
		operator.name,
		String(operator.batches),
		String(operator.rowsIn),
		String(operator.rowsOut),
		...(stats.emitted.emitted > 0 ? [String(operator.emitted)] : []),
		operator.rowsIn === 0 ? '-' : (operator.nanoseconds / operator.rowsIn).toFixed(operator.nanoseconds / operator.rowsIn < 100 ? 1 : 0),
		bytes(operator.memoryBytes),
		String(operator.errors),
		limitsHit(operator),
		state(operator),
	]);
	const columns = headings.filter((heading) => heading !== 'EMITTED' || stats.emitted.emitted > 0);
	return [...table(columns, rows), ...metricTable(stats.metrics), identity(stats), ...[emittedIdentity(stats) ?? []].flat()].join('\n');
}
