/** `ig doctor`: what this host offers, which gadgets can run, and what to do about the others. */
import { arch, release } from 'node:os';
import { Command } from 'commander';
import { IgError } from '../../errors.js';
import { type Flag, parseFlags } from '../flags.js';
import { version } from '../version.js';
import { type Check, hostChecks } from './checks.js';
import { type GadgetCheck, gadgetChecks } from './gadgets.js';

const flags: readonly Flag[] = [
	{ name: 'output', short: 'o', value: 'MODE', group: 'Output', default: 'text', description: 'text, or json for support tickets' },
];

interface Line {
	readonly name: string;
	readonly ok: boolean;
	readonly text: string;
	readonly fix: string;
}

function section(title: string, lines: readonly Line[]): string[] {
	const width = Math.max(...lines.map(({ name }) => name.length));
	return [
		title,
		...lines.flatMap(({ name, ok, text, fix }) => [
			`  ${ok ? 'ok' : 'no'}  ${name.padEnd(width)}  ${text}`.trimEnd(),
			...(fix === '' ? [] : [`      ${' '.repeat(width)}  → ${fix}`]),
		]),
	];
}

function hooksText({ hooks }: GadgetCheck): string {
	return Object.values(hooks).flat().join(', ');
}

function text(checks: readonly Check[], gadgets: readonly GadgetCheck[]): string {
	const running = gadgets.filter(({ ok }) => ok).length;
	return [
		`ig ${version()} on Linux ${release()} (${arch()})`,
		'',
		...section(
			'This host',
			checks.map(({ id, ok, detail, fix }) => ({ name: id, ok, text: detail, fix })),
		),
		'',
		...section(
			`Gadgets: ${running} of ${gadgets.length} can run`,
			gadgets.map((gadget) => ({ name: gadget.name, ok: gadget.ok, text: gadget.ok ? hooksText(gadget) : gadget.reason, fix: gadget.fix })),
		),
		'',
	].join('\n');
}

/** @returns 1 when something is missing that every gadget needs */
export async function doctor(args: readonly string[]): Promise<number> {
	const help = 'ig doctor --help';
	const command = new Command('ig doctor').description(
		'Says what this host offers, which gadgets can run, and what to do about the others.',
	);
	const asked = args.includes('--help') || args.includes('-h');
	let mode: string;
	try {
		mode = parseFlags(command, args, flags, help).values.get('output')?.at(-1) ?? 'text';
	} catch (error) {
		if (asked) return 0;
		throw error;
	}
	if (mode !== 'text' && mode !== 'json') {
		throw new IgError('IG_FLAG_VALUE', { flag: '--output', value: mode, reason: 'is neither text nor json', help });
	}
	const checks = hostChecks();
	const gadgets = await gadgetChecks();
	const host = { ig: version(), kernel: release(), arch: arch(), node: process.versions.node };
	process.stdout.write(mode === 'json' ? `${JSON.stringify({ ...host, checks, gadgets }, null, 2)}\n` : text(checks, gadgets));
	return checks.every(({ ok, required }) => ok || !required) ? 0 : 1;
}
