/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

export const parts = ['startup', 'micro', 'operators', 'kernel', 'live', 'gadgets'] as const;
export type Part = (typeof parts)[number];

export interface Options {
	readonly quick: boolean;
	readonly parts: readonly Part[];
	/** Runs of each unpaced storm; of paced ones half as many. */
	readonly runs: number;
	/** Of one storm. */
	readonly seconds: number;
	/** Opens per second; 0: unpaced. */
	readonly rates: readonly number[];
	readonly peers: readonly string[];
	/** Names; undefined: all. */
	readonly readers: readonly string[] | undefined;
	/** Names; undefined: all. */
	readonly gadgets: readonly string[] | undefined;
	readonly soakSeconds: number;
	/** Where the page goes; undefined: nowhere. */
	readonly page: string | undefined;
}

export const help = `npm run bench -- [flags]
  --quick               about a minute: fewer and shorter runs; writes no page unless --page says where
  --only PART,...       ${parts.join(', ')}
  --runs N              runs of each unpaced storm (5)
  --seconds N           length of a storm (5)
  --rates N,...         opens per second; 0: unpaced (0,30000,60000,100000,150000)
  --readers NAME,...    only these: 'ig json', 'ig columns', 'C reader', opensnoop, bpftrace, or a peer's name
  --gadgets NAME,...    of the part gadgets, only these: trace_exec, trace_tcp, trace_dns, top_file, profile_cpu
  --peer NAME=COMMAND   one more reader, run by sh; {pid} is the storm, {output} a file for its lines (else its stdout)
  --soak SECONDS        memory at full load for so long (600 is what the target asks for)
  --page FILE           where the page goes (docs/benchmarks.md; 'none': nowhere)

About ten minutes on a quiet machine, with a page: --runs 3 --rates 0,100000
`;

function positive(name: string, text: string): number {
	const value = Number(text);
	if (!(value > 0)) throw new Error(`--${name} ${text}: a number above 0 is wanted`);
	return value;
}

/** @throws Error with what is wrong */
export function readOptions(args: readonly string[], defaultPage: string): Options | 'help' {
	const { values } = parseArgs({
		args: [...args],
		options: {
			help: { type: 'boolean', short: 'h' },
			quick: { type: 'boolean', default: false },
			only: { type: 'string' },
			runs: { type: 'string' },
			seconds: { type: 'string' },
			rates: { type: 'string' },
			readers: { type: 'string' },
			gadgets: { type: 'string' },
			peer: { type: 'string', multiple: true, default: [] },
			soak: { type: 'string', default: '0' },
			page: { type: 'string' },
		},
	});
	if (values.help === true) return 'help';
	const { quick } = values;
	const only = values.only?.split(',');
	const unknown = only?.find((name) => !parts.some((part) => part === name));
	if (unknown !== undefined) throw new Error(`--only ${unknown}: there is ${parts.join(', ')}`);
	const rates = (values.rates ?? (quick ? '0,100000' : '0,30000,60000,100000,150000')).split(',').map(Number);
	if (rates.some((rate) => !(rate >= 0))) throw new Error(`--rates ${values.rates}: numbers are wanted`);
	return {
		quick,
		parts: only === undefined ? parts : parts.filter((part) => only.includes(part)),
		runs: values.runs === undefined ? (quick ? 1 : 5) : positive('runs', values.runs),
		seconds: values.seconds === undefined ? (quick ? 1 : 5) : positive('seconds', values.seconds),
		rates,
		peers: values.peer,
		readers: values.readers?.split(','),
		gadgets: values.gadgets?.split(','),
		soakSeconds: Number(values.soak),
		page: values.page === 'none' ? undefined : (values.page ?? (quick ? undefined : defaultPage)),
	};
}
