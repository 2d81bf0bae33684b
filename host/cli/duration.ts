/** Times as users type them. */
import { milliseconds } from '../duration.js';
import { IgError } from '../errors.js';

/**
 * Milliseconds of `5`, `500ms`, `1.5s`, `2m`, `1m30s`.
 * @param unit of a bare number
 * @throws IgError IG_FLAG_VALUE
 */
export function parseDuration(flag: string, value: string, unit: 'ms' | 's', help: string): number {
	const found = milliseconds(value, unit);
	if (found === undefined) throw new IgError('IG_FLAG_VALUE', { flag, value, reason: `is not a time, like 5, 500ms or 2m`, help });
	return found;
}
