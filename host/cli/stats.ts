/** What a run did, for people: the table of `--stats`, and the line that is shown without it when something is missing. */
import type { PipelineStats } from '../pipeline/plan.js';

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
	const parts = [`delivered ${stats.delivered}`, `filtered ${stats.filtered}`, `lost ${stats.lost}`];
	if (stats.dropped > 0) parts.push(`dropped ${stats.dropped}`);
	if (rest !== 0) parts.push(`in flight ${rest}`);
	return `submitted ${stats.submitted} = ${parts.join(' + ')}`;
}

/** The line at the end of a run without --stats; undefined when nothing is missing. */
export function missing(stats: PipelineStats): string | undefined {
	if (stats.lost === 0 && stats.dropped === 0) return undefined;
	return identity(stats);
}

const headings = ['OPERATOR', 'BATCHES', 'ROWS IN', 'ROWS OUT', 'NS/ROW', 'MEMORY', 'ERRORS', 'STATE'];

export function statsTable(stats: PipelineStats): string {
	const rows = stats.operators.map((operator) => [
		operator.name,
		String(operator.batches),
		String(operator.rowsIn),
		String(operator.rowsOut),
		operator.rowsIn === 0 ? '-' : (operator.nanoseconds / operator.rowsIn).toFixed(operator.nanoseconds / operator.rowsIn < 100 ? 1 : 0),
		bytes(operator.memoryBytes),
		String(operator.errors),
		operator.state,
	]);
	const all = [headings, ...rows];
	const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
	const lines = all.map((row) =>
		row
			.map((cell, column) =>
				column === 0 || column === headings.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
			)
			.join('  ')
			.trimEnd(),
	);
	return [...lines, identity(stats)].join('\n');
}
