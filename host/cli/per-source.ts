/** Values that are for all data sources, or for some by name: `json`, or `open:json,exec:none`. */
import type { DataSource } from '../schema.js';
import { IgError } from '../errors.js';

/** Splits at `separator`; `\` before it, or before another `\`, keeps it. */
export function splitEscaped(text: string, separator: string): string[] {
	const parts: string[] = [''];
	for (let i = 0; i < text.length; i++) {
		const char = text[i] as string;
		const next = text[i + 1];
		if (char === '\\' && (next === separator || next === '\\')) {
			parts[parts.length - 1] += next;
			i++;
		} else if (char === separator) parts.push('');
		else parts[parts.length - 1] += char;
	}
	return parts;
}

export function findSource(sources: readonly DataSource[], name: string): DataSource {
	const found = sources.find((source) => source.name.toLowerCase() === name.toLowerCase());
	if (found === undefined) throw new IgError('IG_DATASOURCE', { name, known: sources.map((source) => source.name).join(', ') || 'none' });
	return found;
}

/**
 * The value per data source. Without a data source's name before `:`, the value is for all of them.
 * @param separator between data sources: `,`, or `;` where values have commas
 * @throws IgError IG_FLAG_VALUE when both forms are mixed, IG_DATASOURCE
 */
export function perSource(
	flag: string,
	value: string,
	sources: readonly DataSource[],
	separator: ',' | ';',
	help: string,
): Map<string, string> {
	const parts = value.split(separator);
	const named = parts.map((part) => /^([\w.-]+):(.*)$/s.exec(part));
	if (named.every((match) => match === null)) return new Map(sources.map((source) => [source.name, value]));
	const result = new Map<string, string>();
	for (const match of named) {
		if (match === null) {
			throw new IgError('IG_FLAG_VALUE', { flag, value, reason: 'mixes values with and without a data source', help });
		}
		result.set(findSource(sources, match[1] ?? '').name, match[2] ?? '');
	}
	return result;
}
