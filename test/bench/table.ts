/** A table for people: on a terminal, and in Markdown. */
export interface Table {
	readonly title: string;
	/** What one has to know to read it. */
	readonly text?: string;
	readonly head: readonly string[];
	readonly rows: readonly (readonly string[])[];
}

/** The first column is text, the others are numbers. */
function pad(cell: string, column: number, width: number): string {
	return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

export function forTerminal({ title, head, rows }: Table): string {
	const all = [head, ...rows];
	const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
	const line = (row: readonly string[]): string => row.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join('  ');
	return [`\n${title}`, ...all.map((row) => `  ${line(row).trimEnd()}`)].join('\n');
}

export function forMarkdown({ title, text, head, rows }: Table): string {
	const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
	const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
	return [`## ${title}`, ...(text === undefined ? [] : ['', text]), '', line(head), line(rule), ...rows.map(line)].join('\n');
}
