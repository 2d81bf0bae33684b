/** docs/benchmarks.md. */
import type { Reader } from './readers.js';
import { forMarkdown, type Table } from './table.js';

export interface PageOptions {
	readonly command: string;
	readonly quick: boolean;
	readonly machine: readonly string[];
	/** Load of the machine before the run. */
	readonly load: string;
	/** Those that were measured. */
	readonly readers: readonly Pick<Reader, 'name' | 'shown'>[];
	readonly versions: readonly string[];
	readonly failures: readonly string[];
	readonly tables: readonly Table[];
}

const how = `How fast ig is, beside other tools that show the same, on one machine and in one run. Written by \`npm run bench\`; do not edit.

**Targets** come first, with what was measured for each; the tables below are what they are taken from. *2.00×* means twice as much as ig needs.
Values are medians, with the lowest and the highest run in brackets. All readers take turns, so that a busy moment of the machine hits all alike.

**Live** tables: one process opens and closes one file in memory again and again, on a CPU of its own; one reader at a time watches
it from another CPU and writes every event to a file in memory. Each reader watches only that process where it can be told to.
*delivered* and *lost* come from counting lines in that file against what the process says it opened; a reader's own word is not taken.
*CPU* is user and system time of the reader's whole process tree, from its exec to its exit, divided by the events that it wrote; *storm only* leaves out its start and end.
What a tracer costs inside the traced program, its eBPF programs and wake-ups included, shows in *opens/s traced*. *First event* is from the reader's
exec until an event is in its output, while the process opens 5,000 files a second. Readers write different amounts per event: see *bytes/event*.

**Gadgets**: the same with processes that run programs, connect, ask for names, write and read a file, and compute. **Kernel side**, **Chains**, **Operators**,
**Ring drain**, **Write alone** and **Startup** look at one part each.`;

export function renderPage(options: PageOptions): string {
	const { command, quick, machine, load, readers, versions, failures, tables } = options;
	const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
	const today = new Date().toISOString().slice(0, 10);
	return `${[
		'# Benchmarks',
		how,
		list([
			`${today}, \`${command}\`${quick ? ' (a quick run: few and short runs, rough numbers)' : ''}`,
			...machine,
			`Load before the run: ${load}`,
		]),
		...tables.map(forMarkdown),
		'## Readers',
		list([...readers.map(({ name, shown }) => `${name}: \`${shown}\``), ...versions]),
		...(failures.length > 0 ? ['## Not measured, or not well', list(failures.map((line) => line.split('\n')[0] ?? ''))] : []),
	].join('\n\n')}\n`;
}
