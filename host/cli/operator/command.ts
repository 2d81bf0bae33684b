/** `ig operator …`: what the author of an operator needs. */
import { Command } from 'commander';
import { closest } from '../../closest.js';
import { IgError } from '../../errors.js';
import { type Flag, parseFlags, quiet, type Values } from '../flags.js';
import { languages } from './languages.js';

interface Subcommand {
	readonly name: string;
	readonly usage: string;
	readonly description: string;
	readonly flags: readonly Flag[];
	/** Behind the flags in the help. */
	readonly more?: string;
	/** `operands` are as many as `usage` names at most. @returns the exit code */
	run(operands: readonly string[], values: Values, help: string): Promise<number>;
}

const group = 'Flags';
const verbose: Flag = { group, name: 'verbose', short: 'v', description: 'Say more on stderr' };
const json: Flag = { group, name: 'output', short: 'o', value: 'MODE', description: 'text or json', default: 'text' };

const grant: Flag = {
	group,
	name: 'grant',
	value: 'NAME=CAPABILITY,...',
	repeat: true,
	description: 'As in `ig run`: let it do what it asks for',
};

export const subcommands: readonly Subcommand[] = [
	{
		...{ name: 'new', usage: 'NAME', description: 'Write a small project: a filter that builds, with a test that passes' },
		flags: [{ group, name: 'lang', value: 'LANGUAGE', description: languages.map(({ name }) => name).join(', ') }],
		more: '\nExample:\n  ig operator new only-etc --lang rust && ig operator test only-etc',
		run: async (operands, values, help) => (await import('./new.js')).newOperator(operands[0], values.get('lang')?.at(-1), help),
	},
	{
		...{ name: 'build', usage: '[DIR]', description: "Build a project's module: build/NAME.wasm" },
		flags: [],
		run: async (operands) => (await import('./build.js')).buildCommand(operands[0] ?? '.'),
	},
	{
		...{
			name: 'test',
			usage: '[DIR]',
			description: 'Build, play the recordings in tests/ through the module, compare with the golden files',
		},
		flags: [
			{ group, name: 'update', description: 'Write the golden files instead of comparing' },
			{ group, name: 'case', value: 'NAME', repeat: true, description: 'Only this case; may be repeated' },
		],
		more: `
A case is a file tests/NAME.json; what comes out is compared with tests/NAME.golden. Its keys:
  recording   file of \`ig run --record\`, beside the case
  params      parameters of the operator, as in --wasm-operator FILE,KEY=VALUE
  fields      fields to compare, in this order; all when it is missing
  tables      side tables: {"users": {"0": "root"}}
  grants      what the operator is granted: ["env:WORD=x", "file:/etc/list=list.txt"], files beside the case`,
		run: async (operands, values, help) => (await import('./test.js')).testCommand(operands[0] ?? '.', values, help),
	},
	{
		...{ name: 'manifest', usage: 'FILE MANIFEST', description: 'Put a manifest (JSON) into a module that was built otherwise' },
		flags: [],
		run: async (operands, _, help) => (await import('./manifest.js')).manifest(operands, help),
	},
	{
		...{ name: 'inspect', usage: 'FILE', description: 'Show what a module is, wants, adds and may do' },
		flags: [
			json,
			grant,
			{ group, name: 'recording', value: 'FILE', description: 'Fields of the gadget that was recorded here' },
			{ group, name: 'gadget', value: 'NAME', description: 'Fields of this gadget', default: "one that has the manifest's data sources" },
		],
		run: async (operands, values, help) => (await import('./inspect.js')).inspect(operands[0], values, help),
	},
	{
		...{ name: 'bench', usage: 'FILE[,KEY=VALUE...]', description: 'Measure a module beside a no-op: ns per row, memory' },
		flags: [
			json,
			grant,
			{ group, name: 'recording', value: 'FILE', description: 'What to play (`ig run --record`); it is repeated as often as needed' },
			{ group, name: 'time', value: 'SECONDS', description: 'How long to measure', default: '2' },
		],
		run: async (operands, values, help) => (await import('./bench.js')).bench(operands[0], values, help),
	},
];

const names = subcommands.map(({ name }) => name);

function overview(): void {
	const command = quiet(new Command('ig operator'))
		.usage('COMMAND [arguments]')
		.description("Commands for an operator's author; docs/operators.md");
	command.helpOption('-h, --help', 'Show this help').helpCommand(false);
	for (const { name, usage, description } of subcommands) {
		command
			.command(`${name} ${usage.replace('NAME', '<NAME>').replace(/^FILE.*/, '<FILE>')}`)
			.summary(description)
			.helpOption(false);
	}
	command.addHelpText('after', '\nHelp of one: ig operator COMMAND --help');
	command.outputHelp();
}

/** @returns the exit code */
export async function operator(args: readonly string[]): Promise<number> {
	const [name, ...rest] = args;
	if (name === undefined || name === '-h' || name === '--help' || name === '-v') {
		overview();
		return 0;
	}
	const found = subcommands.find((subcommand) => subcommand.name === name);
	if (found === undefined) {
		const what = name.startsWith('-') ? 'flag' : 'command';
		throw new IgError('IG_USAGE', { reason: `unknown ${what} '${name}'${closest(name, names)}`, help: 'ig operator --help' });
	}
	const help = `ig operator ${name} --help`;
	const command = new Command(`ig operator ${name}`).usage(`${found.usage} [flags]`).description(found.description);
	if (found.more !== undefined) command.addHelpText('after', found.more);
	for (const word of found.usage.split(' ')) command.argument(`[${word.replace(/\W.*/, '').toLowerCase() || 'operand'}]`);
	if (rest.some((arg) => arg === '-h' || arg === '--help')) {
		try {
			parseFlags(command, ['--help'], [...found.flags, verbose], help);
		} catch {
			// Printed.
		}
		return 0;
	}
	const { values, operands } = parseFlags(command, rest, [...found.flags, verbose], help);
	return await found.run(operands, values, help);
}
