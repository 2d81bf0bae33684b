/** `ig operator new`: a project from the templates, with a recording to test it with. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { closest } from '../../closest.js';
import { IgError } from '../../errors.js';
import { root } from '../../root.js';
import { languages } from './languages.js';
import { writeSample } from './sample.js';

/** Every file of a folder, below it too. */
function files(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.map((name) => join(folder, name))
		.filter((path) => statSync(path).isFile());
}

/** @returns the exit code */
export async function newOperator(target: string | undefined, lang: string | undefined, help: string): Promise<number> {
	if (target === undefined) throw new IgError('IG_USAGE', { reason: 'new needs the name of the project', help });
	const known = languages.map(({ name }) => name);
	if (lang === undefined) throw new IgError('IG_USAGE', { reason: `in which language? --lang ${known.join('|')}`, help });
	const language = languages.find(({ name, aliases }) => name === lang || aliases.includes(lang));
	if (language === undefined) {
		const reason = `is none of ${known.join(', ')}${closest(lang, known)}`;
		throw new IgError('IG_FLAG_VALUE', { flag: '--lang', value: lang, reason, help });
	}
	const folder = resolve(target);
	const name = basename(folder);
	if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
		const reason = `'${name}' cannot be the name of a project: use small letters, digits, and single dashes between them`;
		throw new IgError('IG_USAGE', { reason, help });
	}
	if (existsSync(folder) && readdirSync(folder).length > 0) {
		throw new IgError('IG_USAGE', { reason: `'${target}' is there already, and not empty`, help });
	}
	mkdirSync(folder, { recursive: true });
	for (const template of ['common', language.name]) cpSync(join(root, 'templates', template), folder, { recursive: true });
	// npm keeps no file of that name in a package.
	renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'));
	for (const path of files(folder)) {
		const text = readFileSync(path, 'utf8');
		const filled = text.replaceAll('{{name}}', name).replaceAll('{{root}}', root);
		if (filled !== text) writeFileSync(path, filled);
	}
	await writeSample(join(folder, 'tests', 'opens.rec'));

	const shown = relative(process.cwd(), folder);
	process.stdout.write(
		[
			`${shown}/ is a filter in ${language.name}: ${files(folder)
				.map((path) => relative(folder, path))
				.sort()
				.join(' ')}`,
			'Next:',
			`  ig operator test ${shown}`,
			`  ig run trace_open --wasm-operator ${shown},prefix=/usr/ --watch     builds it again after each change, and goes on with that`,
			'',
		].join('\n'),
	);
	return 0;
}
