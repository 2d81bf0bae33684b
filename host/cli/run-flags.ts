/** The flags of `ig run` and `ig replay` that every gadget has. */
import type { Flag } from './flags.js';

const output: Omit<Flag, 'name' | 'description'> = { group: 'Output' };
const filter: Omit<Flag, 'name' | 'description'> = { group: 'Filters' };
const operators: Omit<Flag, 'name' | 'description'> = { group: 'Operators' };
const running: Omit<Flag, 'name' | 'description'> = { group: 'Run' };
const containers: Omit<Flag, 'name' | 'description'> = { group: 'Containers' };

/** For `run` and `replay`. */
export const commonFlags: readonly Flag[] = [
	{
		...output,
		name: 'output',
		short: 'o',
		value: 'MODE',
		description:
			'columns, json, jsonpretty, yaml or none; histogram or folded (stacks, for flame graphs) where there are any; DATASOURCE:MODE,... for one of several',
	},
	{ ...output, name: 'output-file', value: 'FILE', description: 'Write to this file instead of stdout' },
	{
		...output,
		name: 'fields',
		value: 'LIST',
		description: 'Columns to show: a,b | +a (add) | -a (remove) | * (all); DATASOURCE:LIST;... for one of several',
	},
	{
		...output,
		...{ name: 'sort', value: 'LIST' },
		description: 'Order of the rows of each snapshot: FIELD,-FIELD (- downwards); DATASOURCE:LIST;... for one of several',
	},
	{
		...output,
		name: 'count-by',
		value: 'FIELDS',
		description: 'Show how many records there were of each group, largest first, instead of the records',
	},
	{ ...output, name: 'every', value: 'SECONDS', description: 'With --count-by: show the counts so often, not only at the end' },
	{ ...output, name: 'max-entries', value: 'N', description: 'Show at most N rows of each snapshot' },
	{
		...output,
		name: 'annotate',
		value: 'LIST',
		repeat: true,
		description: 'Change annotations: DATASOURCE:KEY=VALUE or DATASOURCE.FIELD:KEY=VALUE,...',
	},
	{
		...filter,
		name: 'filter',
		short: 'F',
		value: 'RULES',
		description: 'Rules that all must hold: FIELD==V, !=, <, <=, >, >=, ~REGEXP, !~REGEXP; a comma between rules',
	},
	{
		...filter,
		name: 'filter-expr',
		short: 'E',
		value: 'EXPR',
		description: 'An expression: comm == "sh" && (uid in [0, 1000] || fname startsWith "/etc")',
	},
	{
		...operators,
		...{ name: 'wasm-operator', value: 'FILE|FOLDER[,KEY=VALUE...][,@PLACE]', repeat: true },
		description: 'Run batches through this operator; may be repeated. Places: before-formatters (default), after-formatters, last',
	},
	{
		...operators,
		...{ name: 'grant', value: 'NAME=CAPABILITY,...', repeat: true },
		description:
			'Let operator NAME do what it asks for: map:MAP, map:MAP:rw, table:TABLE, env:VAR[=VALUE], arg:TEXT, file:PATH[=OTHER], dir:PATH[=OTHER], all, or none of what it gets anyway; may be repeated',
	},
	{ ...operators, name: 'operator-deadline', value: 'MS', default: '250ms', description: 'How long an operator may take for a batch' },
	{
		...operators,
		...{ name: 'operator-limit', value: 'LIMITS', repeat: true },
		description:
			'What operators may take: [NAME:]KEY=VALUE,... with memory, files, elements, init, start, batch, tick, table, stop, log, rows, metrics',
	},
	{
		...running,
		name: 'stats',
		value: 'SECONDS',
		optional: true,
		description: 'Show a table of what each operator did at the end, and every SECONDS',
	},
	{
		...operators,
		name: 'watch',
		description:
			'Let a new build of an operator take over while it runs, without losing an event; build a gadget again when its source changes',
	},
	{ ...running, name: 'verbose', short: 'v', description: 'Say more on stderr' },
];

/** For `run` only. */
export const runFlags: readonly Flag[] = [
	{
		...running,
		name: 'timeout',
		short: 't',
		value: 'SECONDS',
		description: 'End after this time (5, 500ms, 2m); 0: run until interrupted',
		default: '0',
	},
	{ ...running, name: 'btf', value: 'FILE', description: "The kernel's types (BTF), for a kernel without /sys/kernel/btf/vmlinux" },
	{ ...running, name: 'explain', description: 'Say what would run where and why, instead of running it' },
	{ ...filter, name: 'no-pushdown', description: 'Decide no part of a filter in the kernel; the result is the same' },
	{ ...running, name: 'record', value: 'FILE', description: 'Keep every batch as it left the kernel, for `ig replay`' },
	{ ...running, name: 'auto-mount-filesystems', description: 'Mount tracefs if it is not there' },
	{ ...containers, name: 'host', description: 'Show events of the host too (always so for now)' },
];

export const replayFlags: readonly Flag[] = [
	{ ...running, name: 'realtime', description: 'Play at the speed of the recording instead of as fast as possible' },
];

/** Accepted and without effect, since what they ask for is what happens: drivers of Inspektor Gadget pass them. */
export const ignoredFlags: readonly Flag[] = [
	{ ...containers, hidden: true, name: 'runtimes', short: 'r', value: 'LIST', description: 'Container runtimes' },
	{ ...containers, hidden: true, name: 'docker-socketpath', value: 'PATH', description: '' },
	{ ...containers, hidden: true, name: 'containerd-socketpath', value: 'PATH', description: '' },
	{ ...containers, hidden: true, name: 'crio-socketpath', value: 'PATH', description: '' },
	{ ...containers, hidden: true, name: 'podman-socketpath', value: 'PATH', description: '' },
	{ ...containers, hidden: true, name: 'containerd-namespace', value: 'NAME', description: '' },
	{ ...containers, hidden: true, name: 'runtime-protocol', value: 'NAME', description: '' },
	{ ...running, hidden: true, name: 'validate-metadata', description: '' },
	{ ...running, hidden: true, name: 'pull', value: 'WHEN', description: '' },
	{ ...running, hidden: true, name: 'insecure-registries', value: 'LIST', description: '' },
	{ ...running, hidden: true, name: 'verify-image', description: '' },
];

/** Would change what is shown, so ignoring them would be wrong. */
export const laterFlags: readonly Flag[] = [
	{ ...containers, hidden: true, name: 'containername', short: 'c', value: 'NAME', description: '' },
	{ ...containers, hidden: true, name: 'runtime-containername', value: 'NAME', description: '' },
	{ ...containers, hidden: true, name: 'runtime-containerimage-digest', value: 'DIGEST', description: '' },
	{ ...containers, hidden: true, name: 'runtime-containerimage-id', value: 'ID', description: '' },
	{ ...containers, hidden: true, name: 'k8s-podname', value: 'NAME', description: '' },
	{ ...containers, hidden: true, name: 'k8s-namespace', value: 'NAME', description: '' },
	{ ...containers, hidden: true, name: 'k8s-selector', value: 'SELECTOR', description: '' },
	{ ...containers, hidden: true, name: 'k8s-containername', value: 'NAME', description: '' },
	{ ...running, hidden: true, name: 'file', short: 'f', value: 'FILE', description: '' },
];
/** What to say about them. */
export const laterReasons: Readonly<Record<string, { reason: string; instead: string } | undefined>> = {
	file: { reason: 'instance manifests come later', instead: 'give the gadget and its flags on the command line' },
};
export const containersLater = { reason: 'containers come later', instead: 'narrow with --filter, --pid, --comm or --uid' };
