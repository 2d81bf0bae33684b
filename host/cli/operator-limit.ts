/** `--operator-limit [NAME:]KEY=VALUE[,KEY=VALUE...]` and `--operator-deadline TIME`. */
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { type Call, defaultLimits, type OperatorLimits } from '../operator/limits.js';
import { parseDuration } from './duration.js';

const flag = '--operator-limit';
/** Least time for a batch of the built-in operators. */
const OWN_MS = 1000;
const numbers = ['elements', 'log', 'rows', 'metrics'] as const;
/** The calls that a key is about. */
const times: Readonly<Record<string, readonly Call[] | undefined>> = {
	...{ init: ['init'], start: ['start'], batch: ['batch'], tick: ['tick'], table: ['table'], stop: ['stop'] },
	state: ['state_save', 'state_restore'],
};
const keys: readonly string[] = ['memory', 'files', ...Object.keys(times), ...numbers];
const units: Readonly<Record<string, number | undefined>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

export interface LimitOptions {
	/** Of the operator with that name in its manifest. Limits without a name are for the user's operators only. */
	of(operator: string, builtin?: boolean): OperatorLimits;
	/** The names that were given, to be looked for among the operators of the run. */
	readonly names: readonly string[];
}

interface Entry {
	readonly name: string | undefined;
	readonly change: (limits: OperatorLimits) => OperatorLimits;
}

/** Bytes of `64MiB`, `64M`, `65536`. */
function parseBytes(text: string): number | undefined {
	const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([KMG]i?)?B?)$/.exec(text) ?? [];
	const factor = units[unit];
	return number === undefined || factor === undefined ? undefined : Math.floor(Number(number) * factor);
}

function parseEntry(name: string | undefined, text: string, help: string): Entry {
	const fail = (reason: string): never => {
		throw new IgError('IG_FLAG_VALUE', { flag, value: text, reason, help });
	};
	const equals = text.indexOf('=');
	const key = equals < 0 ? text : text.slice(0, equals);
	const value = text.slice(equals + 1);
	if (!keys.includes(key)) return fail(`has an unknown key '${key}'${closest(key, keys)}; keys: ${keys.join(', ')}`);
	if (equals < 0 || value === '') return fail(`needs a value: ${key}=...`);
	const timed = times[key];
	if (timed !== undefined) {
		const ms = parseDuration(flag, value, 'ms', help);
		if (ms < 1) return fail('is less than 1 ms');
		return { name, change: (limits) => ({ ...limits, ms: { ...limits.ms, ...Object.fromEntries(timed.map((call) => [call, ms])) } }) };
	}
	if (key === 'memory') {
		const memory = parseBytes(value) ?? fail('is not a size, like 64MiB or 1GiB');
		if (memory < 65_536 || memory > 2 ** 32) return fail('is not between 64KiB and 4GiB');
		return { name, change: (limits) => ({ ...limits, memory }) };
	}
	if (key === 'files') {
		const files = parseBytes(value) ?? fail('is not a size, like 64MiB or 1GiB');
		if (files > 2 ** 30) return fail('is more than 1GiB');
		return { name, change: (limits) => ({ ...limits, files }) };
	}
	const count = key === 'log' ? value.replace(/\/s$/, '') : value;
	if (!/^\d{1,9}$/.test(count)) return fail('is not a whole number');
	return { name, change: (limits) => ({ ...limits, [key]: Number(count) }) };
}

/** `--operator-deadline` is for what happens again and again; nothing else may be shorter than it. */
function withDeadline(text: string | undefined, help: string): OperatorLimits {
	if (text === undefined) return defaultLimits;
	const deadline = parseDuration('--operator-deadline', text, 'ms', help);
	if (deadline < 1) throw new IgError('IG_FLAG_VALUE', { flag: '--operator-deadline', value: text, reason: 'is less than 1 ms', help });
	const least = Object.fromEntries(Object.entries(defaultLimits.ms).map(([call, ms]) => [call, Math.max(ms, deadline)]));
	return { ...defaultLimits, ms: { ...defaultLimits.ms, ...least, batch: deadline, tick: deadline } };
}

/** @throws IgError IG_FLAG_VALUE */
export function parseLimits(deadline: string | undefined, given: readonly string[], help: string): LimitOptions {
	const base = withDeadline(deadline, help);
	// Ours do not loop; that a machine is slow must not cost rows.
	const ours = { ...base, ms: { ...base.ms, batch: Math.max(base.ms.batch, OWN_MS), tick: Math.max(base.ms.tick, OWN_MS) } };
	const entries = given.flatMap((text) => {
		const [, name, rest = ''] = /^(?:([\w.-]+):)?(.*)$/s.exec(text) ?? [];
		return rest.split(',').map((part) => parseEntry(name, part, help));
	});
	return {
		of: (operator, builtin = false) =>
			entries
				.filter(({ name }) => (name === undefined ? !builtin : name === operator))
				// What names the operator wins, wherever it stands.
				.sort((a, b) => Number(a.name !== undefined) - Number(b.name !== undefined))
				.reduce((limits, { change }) => change(limits), builtin ? ours : base),
		names: [...new Set(entries.flatMap(({ name }) => name ?? []))],
	};
}
