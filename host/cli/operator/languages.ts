/** The languages of operator projects, and how a project is recognised. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { IgError } from '../../errors.js';

export interface Language {
	readonly name: string;
	/** Other names that people use. */
	readonly aliases: readonly string[];
	/** The file that tells a project of this language. */
	readonly marker: string;
}

/** The first whose marker is there is meant. */
export const languages: readonly Language[] = [
	{ name: 'rust', aliases: ['rs'], marker: 'Cargo.toml' },
	{ name: 'assemblyscript', aliases: ['as'], marker: 'index.ts' },
	{ name: 'c', aliases: [], marker: 'operator.c' },
	{ name: 'js', aliases: ['javascript'], marker: 'index.js' },
	{ name: 'go', aliases: ['golang'], marker: 'go.mod' },
];

/** @throws IgError IG_OPERATOR_PROJECT */
export function languageOf(folder: string): Language {
	const found = languages.find(({ marker }) => existsSync(join(folder, marker)));
	if (found !== undefined) return found;
	const reason = existsSync(folder) ? `has none of ${languages.map(({ marker }) => marker).join(', ')}` : 'does not exist';
	throw new IgError('IG_OPERATOR_PROJECT', { folder, reason });
}
