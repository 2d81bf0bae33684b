/** Times as users type them. */
import { IgError } from '../errors.js';

const units: Readonly<Record<string, number | undefined>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `5`, `500ms`, `1.5s`, `2m`, `1m30s`.
 * @param unit of a bare number
 * @throws IgError IG_FLAG_VALUE
 */
export function parseDuration(flag: string, value: string, unit: 'ms' | 's', help: string): number {
	const fail = (): never => {
		throw new IgError('IG_FLAG_VALUE', { flag, value, reason: `is not a time, like 5, 500ms or 2m`, help });
	};
	const text = value.trim();
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * (units[unit] ?? 1);
	if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return fail();
	let total = 0;
	for (const [, number, name = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(number) * (units[name] ?? 0);
	return total;
}
