/** `--symbolizers`: who gives the functions in user stacks their names; and the library for it, which is built when a run first needs it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import type { OpenedGadget, Symbolizer } from '../gadget/instance.js';
import { hasUserStacks } from '../gadget/stack-fields.js';
import { built, root } from '../root.js';
import type { Flag, Values } from './flags.js';
import type { Log } from './report.js';

const KNOWN = ['auto', 'none', 'symtab', 'debuginfod-cache', 'debuginfod-cache-on-ig-server'];

/** blazesym's file; it may not be there. */
export const symbolizerLibrary = built('native', 'libblazesym.so');

/** Of gadgets that have user stacks. */
export const symbolizerFlags: readonly Flag[] = [
	{
		name: 'symbolizers',
		value: 'LIST',
		default: 'auto',
		description:
			'Who names the functions in user stacks: auto (all), none, or some of symtab (symbols and DWARF of files, perf maps), debuginfod-cache',
		group: 'Gadget',
	},
	{
		name: 'debuginfod-cache-path',
		value: 'PATH',
		description: "Folder of debuginfod's cache, instead of the user's own; nothing is downloaded",
		group: 'Gadget',
	},
];

function debuginfodCache(given: string | undefined): string {
	if (given !== undefined && given !== '') return given;
	const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	return process.env.DEBUGINFOD_CACHE_PATH ?? join(cache, 'debuginfod_client');
}

/** Undefined: nobody, addresses are all that is shown. @throws IgError IG_FLAG_VALUE */
export function symbolizerOf(values: Values, help: string): Symbolizer | undefined {
	const list = values.get('symbolizers')?.at(-1) ?? 'auto';
	const names = list.split(',').map((name) => name.trim());
	for (const name of names) {
		if (name === '' || KNOWN.includes(name)) continue;
		const reason =
			name === 'otel-ebpf-profiler'
				? 'is a profiler of its own, which ig does not have; symtab names what has symbols, debug information or a perf map'
				: `is not one of ${KNOWN.join(', ')}${closest(name, KNOWN)}`;
		throw new IgError('IG_FLAG_VALUE', { flag: '--symbolizers', value: list, reason, help });
	}
	if (names.every((name) => name === '' || name === 'none')) return undefined;
	const wantsCache = names.some((name) => name === 'auto' || name.startsWith('debuginfod'));
	const cache = debuginfodCache(values.get('debuginfod-cache-path')?.at(-1));
	return { library: symbolizerLibrary, debuginfod: wantsCache && existsSync(cache) ? cache : '' };
}

function canBuild(): boolean {
	try {
		accessSync(built('native'), constants.W_OK);
		return existsSync(join(root, 'native/blazesym/Cargo.toml'));
	} catch {
		return false;
	}
}

/** Whether a run with these values has user stacks. */
export function takesUserStacks({ dataSources, params }: OpenedGadget, given: ReadonlyMap<string, string>): boolean {
	if (!dataSources.some(hasUserStacks)) return false;
	const collect = params.find(({ variable }) => variable === 'collect_ustack');
	return collect === undefined || (given.get(collect.key) ?? collect.default) === 'true';
}

/** Builds the library if it is not there, a minute or two once; a failure is a warning: addresses are shown then. */
export async function buildSymbolizer({ library }: Symbolizer, log: Log): Promise<void> {
	if (existsSync(library) || !canBuild()) return;
	log('info', 'building the symbolizer for user stacks (once, a minute or two; --symbolizers none does without) ...');
	const { spawnSync } = await import('node:child_process');
	const result = spawnSync('flock', [built('.lock'), 'make', '-s', '-C', root, 'blazesym'], {
		env: { ...process.env, MAKEFLAGS: '' },
		stdio: ['ignore', 'pipe', 'pipe'],
		encoding: 'utf8',
	});
	if (result.status === 0) return;
	const said = (result.error?.message ?? `${result.stdout}${result.stderr}`).trim().split('\n').slice(-5).join('\n');
	log('warn', `the symbolizer could not be built (it needs Rust 1.88 or later and crates.io):\n${said}`);
}

/**
 * Where stacks are all there is, in folded output and with --user-stacks-only, user stacks are taken unless the user says otherwise.
 * Returns the values of parameters to go on with.
 */
export function withUserStacks(given: ReadonlyMap<string, string>, { params }: OpenedGadget, folded: boolean): ReadonlyMap<string, string> {
	const keyOf = (name: string): string | undefined => params.find(({ variable }) => variable === name)?.key;
	const collect = keyOf('collect_ustack');
	if (collect === undefined || given.has(collect)) return given;
	const only = given.get(keyOf('user_stacks_only') ?? '') === 'true';
	return folded || only ? new Map([...given, [collect, 'true']]) : given;
}
