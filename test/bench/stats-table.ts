/** The table that `ig --stats` prints. */

export interface OperatorRow {
	readonly name: string;
	readonly batches: number;
	readonly rowsIn: number;
	readonly rowsOut: number;
	readonly nsPerRow: number;
}

/** The last table in the text; operators that saw no row are left out. */
export function parseStats(text: string): OperatorRow[] {
	const begin = text.lastIndexOf('OPERATOR ');
	if (begin < 0) return [];
	const rows: OperatorRow[] = [];
	for (const line of text.slice(begin).split('\n').slice(1)) {
		const [name, batches, rowsIn, rowsOut, nsPerRow] = line.trim().split(/\s{2,}/);
		if (name === undefined || nsPerRow === undefined || nsPerRow === '-' || Number.isNaN(Number(nsPerRow))) continue;
		rows.push({ name, batches: Number(batches), rowsIn: Number(rowsIn), rowsOut: Number(rowsOut), nsPerRow: Number(nsPerRow) });
	}
	return rows;
}

/** ns per row of a whole chain: all its operators together. */
export function chainCost(rows: readonly OperatorRow[]): number {
	const total = rows.reduce((sum, { rowsIn, nsPerRow }) => sum + rowsIn * nsPerRow, 0);
	return total / Math.max(1, ...rows.map(({ rowsIn }) => rowsIn));
}
