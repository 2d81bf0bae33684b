/** Times as people write them. */

const units: Readonly<Record<string, number | undefined>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `5`, `500ms`, `1.5s`, `2m`, `1m30s`; undefined for what is no time. @param unit of a bare number */
export function milliseconds(value: string, unit: 'ms' | 's'): number | undefined {
	const text = value.trim();
	if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * (units[unit] ?? 1);
	if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
	let total = 0;
	for (const [, number, name = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(number) * (units[name] ?? 0);
	return total;
}
