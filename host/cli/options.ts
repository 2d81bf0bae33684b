/** What `ig run` and `ig replay` are told, as values instead of texts. */
import { readFileSync } from 'node:fs';
import { IgError } from '../errors.js';
import { parseBool } from '../gadget/params.js';
import { parseDuration } from './duration.js';
import type { Flag, Values } from './flags.js';
import { type Grants, parseGrants } from './grant.js';
import { type LimitOptions, parseLimits } from './operator-limit.js';
import { type OperatorSpec, parseOperatorSpec } from './operator-spec.js';
import type { Log } from './report.js';
import { containersLater, ignoredFlags, laterFlags, laterReasons } from './run-flags.js';

export interface CommonOptions {
	/** Modes, still per data source: {@link perSource}. */
	readonly output: string | undefined;
	readonly outputFile: string | undefined;
	readonly fields: string | undefined;
	readonly maxEntries: number | undefined;
	/** Fields to count by, still per data source; and whole seconds between two snapshots of the counts, 0: only at the end. */
	readonly countBy: string | undefined;
	readonly every: number;
	/** Still per data source. */
	readonly sort: string | undefined;
	readonly annotate: readonly string[];
	/** By data source's name; '' is for the only one. */
	readonly filter: ReadonlyMap<string, string>;
	readonly filterExpr: ReadonlyMap<string, string>;
	readonly wasmOperators: readonly OperatorSpec[];
	readonly grants: Grants;
	readonly limits: LimitOptions;
	/** Let new builds of the operators take over. */
	readonly watch: boolean;
	/** Show the table at the end, and every so many milliseconds (0: only at the end). */
	readonly statsMs: number | undefined;
	readonly verbose: boolean;
	/** How to get help, for messages. */
	readonly help: string;
}

/** A value `@FILE` is the content of FILE, without the newline at its end. */
export function fromFile(flag: string, value: string, help: string): string {
	if (!value.startsWith('@') || value === '@') return value;
	try {
		return readFileSync(value.slice(1), 'utf8').replace(/\r?\n$/, '');
	} catch (cause) {
		throw new IgError('IG_FLAG_VALUE', { flag, value, reason: 'names a file that cannot be read', help }, { cause });
	}
}

export function booleanOf(values: Values, name: string, help: string): boolean {
	const text = values.get(name)?.at(-1);
	if (text === undefined) return false;
	const truth = parseBool(text);
	if (truth === undefined)
		throw new IgError('IG_FLAG_VALUE', { flag: `--${name}`, value: text, reason: 'is neither true nor false', help });
	return truth;
}

function integerOf(values: Values, name: string, help: string): number | undefined {
	const text = values.get(name)?.at(-1);
	if (text === undefined) return undefined;
	if (!/^-?\d{1,15}$/.test(text))
		throw new IgError('IG_FLAG_VALUE', { flag: `--${name}`, value: text, reason: 'is not a whole number', help });
	return Number(text);
}

function bySource(values: Values, name: string, help: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const [flag, given] of values) {
		const value = given.at(-1);
		if (value === undefined || value === '') continue;
		if (flag === name) found.set('', fromFile(`--${flag}`, value, help));
		else if (flag.startsWith(`${name}.`)) found.set(flag.slice(name.length + 1), fromFile(`--${flag}`, value, help));
	}
	return found;
}

/** @throws IgError IG_FLAG_VALUE */
export function commonOptions(values: Values, help: string): CommonOptions {
	const last = (name: string): string | undefined => values.get(name)?.at(-1);
	const stats = last('stats');
	const wasmOperators = (values.get('wasm-operator') ?? []).map((spec) => parseOperatorSpec(spec, help));
	const watch = booleanOf(values, 'watch', help);
	return {
		output: last('output'),
		outputFile: last('output-file'),
		fields: last('fields'),
		countBy: last('count-by'),
		every: Math.max(0, integerOf(values, 'every', help) ?? 0),
		sort: last('sort'),
		maxEntries: integerOf(values, 'max-entries', help),
		annotate: values.get('annotate') ?? [],
		filter: bySource(values, 'filter', help),
		filterExpr: bySource(values, 'filter-expr', help),
		wasmOperators,
		grants: parseGrants(values.get('grant') ?? [], help),
		watch,
		limits: parseLimits(last('operator-deadline'), values.get('operator-limit') ?? [], help),
		statsMs: stats === undefined ? undefined : stats === '' || stats === 'true' ? 0 : parseDuration('--stats', stats, 's', help),
		verbose: booleanOf(values, 'verbose', help),
		help,
	};
}

/** Flags that are accepted for drivers of Inspektor Gadget: a note for those without effect, an error for those that would need containers. */
export function checkForeign(values: Values, log: Log): void {
	const given = (flags: readonly Flag[]): Flag[] => flags.filter((flag) => values.has(flag.name));
	for (const { name } of given(laterFlags)) {
		throw new IgError('IG_FLAG_LATER', { flag: `--${name}`, ...(laterReasons[name] ?? containersLater) });
	}
	for (const { name } of given(ignoredFlags)) log('debug', `--${name} has no effect: it asks for what happens anyway`);
}
