/** `ig gadget new|build|validate`. */
import { Command } from 'commander';
import { closest } from '../../closest.js';
import { IgError } from '../../errors.js';
import { booleanOf } from '../options.js';
import { type Flag, parseFlags, quiet } from '../flags.js';

interface Subcommand {
	readonly operand: string;
	readonly description: string;
	readonly flags?: readonly Flag[];
	run(operand: string, flag: (name: string) => boolean): Promise<number>;
}

const update: Flag = {
	...{ name: 'update-metadata', group: 'Build' },
	description: 'Add to gadget.yaml what the program has and it does not: data sources, fields, parameters',
};
const subcommands: Readonly<Record<string, Subcommand>> = {
	new: {
		...{ operand: 'NAME', description: 'Write a small gadget that builds, runs, and passes its own test' },
		run: async (path) => (await import('./new.js')).newGadget(path),
	},
	build: {
		...{ operand: 'DIR', description: 'Compile program.bpf.c; `ig run DIR` does so by itself', flags: [update] },
		run: async (folder, flag) => (await import('./build.js')).buildCommand(folder, flag('update-metadata')),
	},
	validate: {
		...{ operand: 'DIR', description: 'Say what is wrong with gadget.yaml, by itself and beside the program' },
		run: async (folder) => (await import('./validate.js')).validateGadget(folder),
	},
};

function overview(): Command {
	const shown = quiet(new Command('ig gadget')).usage('COMMAND [arguments]').description('Writes and checks gadgets.').helpCommand(false);
	for (const [name, { operand, description }] of Object.entries(subcommands)) {
		shown.command(name).usage(operand).description(description).argument(`<${operand}>`).helpOption(false);
	}
	return shown.helpOption('-h, --help', 'Show this help');
}

/** @returns the exit code */
export async function gadgetCommand(args: readonly string[]): Promise<number> {
	const [name, ...rest] = args;
	if (name === undefined || name === '--help' || name === '-h') {
		overview().outputHelp();
		return 0;
	}
	const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
	const help = 'ig gadget --help';
	if (subcommand === undefined) {
		throw new IgError('IG_USAGE', { reason: `unknown command 'gadget ${name}'${closest(name, Object.keys(subcommands))}`, help });
	}
	const { operand, description, flags = [] } = subcommand;
	const command = new Command(`ig gadget ${name}`).description(description).argument(`[${operand}]`);
	const asked = rest.includes('--help') || rest.includes('-h');
	if (asked) {
		quiet(command);
		for (const flag of flags) command.option(`--${flag.name}`, flag.description);
		command.helpOption('-h, --help', 'Show this help').outputHelp();
		return 0;
	}
	const { values, operands } = parseFlags(command, rest, flags, help);
	const [first] = operands;
	if (first === undefined) throw new IgError('IG_USAGE', { reason: `gadget ${name} needs a ${operand}`, help });
	return await subcommand.run(first, (flag) => booleanOf(values, flag, help));
}
