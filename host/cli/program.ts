/** The commands of `ig`. */
import { Command } from 'commander';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { quiet } from './flags.js';

interface Entry {
	readonly name: string;
	readonly usage: string;
	readonly description: string;
	run(args: readonly string[]): Promise<number>;
}

export const commands: readonly Entry[] = [
	{
		...{ name: 'run', usage: 'GADGET [flags]', description: 'Run a gadget; `ig run GADGET --help` shows its flags and fields' },
		run: async (args) => (await import('./run.js')).run(args),
	},
	{
		...{
			name: 'replay',
			usage: 'FILE [flags]',
			description: 'Play a recording (`ig run --record`) through operators and outputs; needs no root',
		},
		run: async (args) => (await import('./replay.js')).replay(args),
	},
	{
		...{ name: 'gadget', usage: 'COMMAND', description: 'Write a gadget: new NAME, build DIR, validate DIR' },
		run: async (args) => (await import('./gadget/main.js')).gadgetCommand(args),
	},
	{
		...{ name: 'image', usage: 'inspect GADGET', description: "Print a gadget's data sources, fields and parameters as JSON" },
		run: async (args) => (await import('./image.js')).imageCommand(args),
	},
	{
		...{ name: 'operator', usage: 'COMMAND [arguments]', description: 'Write, build, test, inspect and measure operators' },
		run: async (args) => (await import('./operator/command.js')).operator(args),
	},
	{
		...{
			name: 'doctor',
			usage: '[-o json]',
			description: 'Say what this host offers, which gadgets can run, and what to do about the others',
		},
		run: async (args) => (await import('./doctor/main.js')).doctor(args),
	},
	{
		...{ name: 'completion', usage: 'bash|zsh|fish', description: "Print a shell's completion script" },
		run: async (args) => (await import('./completion.js')).completion(args),
	},
	{
		...{ name: 'version', usage: '', description: 'Print versions of ig, libbpf and the kernel, and whether it has BTF' },
		run: async () => {
			await (await import('./version.js')).printVersion();
			return 0;
		},
	},
];
/** Not shown: what completion scripts call. */
const hidden: readonly Entry[] = [
	{ ...{ name: '__complete', usage: '', description: '' }, run: async (args) => (await import('./completion.js')).complete(args) },
];

const after = `
Exit codes: 0 done, timeout, Ctrl-C or a closed output; 1 an error; 2 wrong usage.

Examples:
  ig run trace_open                                   files that processes open
  ig run trace_exec -o json --timeout 5               programs that start, as JSON, for 5 seconds
  ig run trace_open --filter 'proc.comm==cat'         only those of cat
  ig run trace_open --wasm-operator ./mine.wasm       through an operator of your own`;

function overview(): Command {
	const program = quiet(new Command('ig'));
	program.description('Runs eBPF gadgets and hands what they observe to sandboxed WebAssembly operators.').usage('COMMAND [arguments]');
	program
		.helpOption('-h, --help', 'Show this help')
		.option('--version', 'Print versions')
		.helpCommand('help [COMMAND]', 'Show the help of a command');
	for (const entry of commands) {
		program.command(entry.name).usage(entry.usage).summary(entry.description).description(entry.description).helpOption(false);
		const added = program.commands.at(-1);
		if (entry.usage !== '' && !entry.usage.startsWith('['))
			added?.argument(`<${/^[A-Z]+/.exec(entry.usage)?.[0] ?? (entry.name === 'image' ? 'COMMAND' : 'SHELL')}>`);
	}
	return program.addHelpText('after', after);
}

/** @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
	const verbose = args[0] === '-v' || args[0] === '--verbose' ? args.slice(0, 1) : [];
	const [name, ...rest] = args.slice(verbose.length);
	if (name === undefined || name === '-h' || name === '--help' || (name === 'help' && rest.length === 0)) {
		overview().outputHelp();
		return 0;
	}
	const wanted = name === '--version' ? 'version' : name === 'help' ? rest[0] : name;
	const entry = [...commands, ...hidden].find((command) => command.name === wanted);
	if (entry === undefined) {
		const what = wanted?.startsWith('-') ? 'flag' : 'command';
		const guess = closest(
			wanted ?? '',
			commands.map((command) => command.name),
		);
		throw new IgError('IG_USAGE', { reason: `unknown ${what} '${wanted}'${guess}`, help: 'ig --help' });
	}
	return entry.run(name === 'help' ? ['--help', ...rest.slice(1)] : [...rest, ...verbose]);
}
