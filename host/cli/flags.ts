/** Flags as data, and how commander is told about them. */
import { type Command, CommanderError, Option } from 'commander';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';

export interface Flag {
	/** Without dashes. */
	readonly name: string;
	readonly short?: string | undefined;
	/** What the help calls the value. Absent: a boolean. */
	readonly value?: string | undefined;
	/** The value may be left out; then it must be given as `--name=value`. */
	readonly optional?: boolean | undefined;
	readonly repeat?: boolean | undefined;
	readonly description: string;
	readonly default?: string | undefined;
	readonly group: string;
	readonly hidden?: boolean | undefined;
}

export type Values = ReadonlyMap<string, readonly string[]>;

/** A bare boolean, or one whose value may be left out, never takes the next argument: says so in a form that commander keeps. */
export function normalise(args: readonly string[], flags: readonly Flag[]): string[] {
	const bare = new Map<string, string>();
	const valued = new Set<string>();
	for (const flag of flags) {
		const names = [`--${flag.name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])];
		for (const name of names) {
			if (flag.value === undefined) bare.set(name, `--${flag.name}=true`);
			else if (flag.optional) bare.set(name, `--${flag.name}=`);
			else valued.add(name);
		}
	}
	const out: string[] = [];
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] as string;
		if (arg === '--') return [...out, ...args.slice(i)];
		const short = /^-([A-Za-z])=(.*)$/s.exec(arg);
		const known = bare.get(arg);
		if (known !== undefined) out.push(known);
		else if (short !== null && (valued.has(`-${short[1]}`) || bare.has(`-${short[1]}`))) {
			const long = flags.find((flag) => flag.short === short[1])?.name;
			out.push(`--${long}=${short[2]}`);
		} else {
			out.push(arg);
			// The value of a flag is not looked at: `--comm -v` is about a command called -v.
			if (valued.has(arg) && i + 1 < args.length) out.push(args[++i] as string);
		}
	}
	return out;
}

/** The arguments that are neither flags nor values of these flags. Values of unknown flags are among them. */
export function positionals(args: readonly string[], flags: readonly Flag[]): string[] {
	const valued = new Set(
		flags.filter((flag) => flag.value !== undefined && !flag.optional).flatMap((flag) => [`--${flag.name}`, `-${flag.short ?? ''}`]),
	);
	const out: string[] = [];
	for (let i = 0; i < args.length; i++) {
		const arg = args[i] as string;
		if (arg === '--') return [...out, ...args.slice(i + 1)];
		if (valued.has(arg)) i++;
		else if (!arg.startsWith('-')) out.push(arg);
	}
	return out;
}

export function addFlags(command: Command, flags: readonly Flag[], into: Map<string, string[]>): Command {
	for (const flag of flags) {
		const short = flag.short === undefined ? '' : `-${flag.short}, `;
		const value = flag.value === undefined ? ' [bool]' : flag.optional ? ` [${flag.value}]` : ` <${flag.value}>`;
		const option = new Option(`${short}--${flag.name}${value}`, flag.description).helpGroup(`${flag.group}:`);
		if (flag.hidden) option.hideHelp();
		// The library would print defaults as JSON.
		if (flag.default !== undefined && flag.default !== '') option.description = `${flag.description} (default: ${flag.default})`;
		command.addOption(option);
		command.on(`option:${option.name()}`, (given: string | null) => {
			const list = into.get(flag.name);
			if (list === undefined || !flag.repeat) into.set(flag.name, [given ?? '']);
			else list.push(given ?? '');
		});
	}
	return command;
}

/** A command that throws {@link IgError}s instead of ending the process, and prints help on stdout. */
export function quiet(command: Command): Command {
	return command
		.exitOverride()
		.showSuggestionAfterError(false)
		.configureOutput({ writeErr: () => {}, outputError: () => {} })
		.configureHelp({
			helpWidth: Math.min(process.stdout.columns ?? 120, 140),
			optionTerm: (option) => option.flags.replace(' [bool]', '').replace(/ \[(.+)\]$/, '[=$1]'),
		});
}

/** Turns what commander throws into our errors; undefined when help or a version was asked for and printed. */
export function translate(error: unknown, names: Iterable<string>, help: string): IgError | undefined {
	if (!(error instanceof CommanderError)) return error instanceof IgError ? error : undefined;
	if (error.exitCode === 0) return undefined;
	const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
	if (error.code === 'commander.unknownOption') {
		const flag = quoted.split('=')[0] ?? quoted;
		const guess = closest(flag, names);
		return new IgError('IG_FLAG_UNKNOWN', { flag, guess, help });
	}
	const reason = error.message.replace(/^error: /, '').split('\n')[0] ?? '';
	return new IgError('IG_USAGE', { reason, help });
}

/**
 * Parses the arguments of a command with these flags.
 * @throws IgError IG_FLAG_UNKNOWN, IG_USAGE
 */
export function parseFlags(
	command: Command,
	args: readonly string[],
	flags: readonly Flag[],
	help: string,
): { values: Values; operands: string[] } {
	const values = new Map<string, string[]>();
	quiet(addFlags(command, flags, values)).helpOption('-h, --help', 'Show this help');
	try {
		command.parse(normalise(args, flags), { from: 'user' });
	} catch (error) {
		throw (
			translate(
				error,
				flags.map((flag) => `--${flag.name}`),
				help,
			) ?? error
		);
	}
	return { values, operands: [...command.args] };
}
