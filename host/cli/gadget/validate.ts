/** `ig gadget validate DIR`: what is wrong with a gadget's metadata, by itself and beside its object. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IgError } from '../../errors.js';
import { openGadget } from '../../gadget/gadget.js';
import { inspectGadget } from '../../gadget/instance.js';
import { checkAgainstObject } from '../../gadget/metadata-check.js';
import { checkMetadata } from '../../gadget/metadata-file.js';
import type { MetadataProblem } from '../../gadget/metadata.js';
import { finalSources } from '../fields-help.js';
import { makeLog } from '../report.js';

function show(file: string, { severity, line, column, reason, frame }: MetadataProblem): void {
	makeLog(true)(severity === 'error' ? 'error' : 'warn', `${file}:${line}:${column}: ${reason}\n${frame}`);
}

/** @returns 1 when there is an error; warnings are for people */
export async function validateGadget(folder: string): Promise<number> {
	if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
		throw new IgError('IG_USAGE', { reason: `'${folder}' is not a folder`, help: 'ig gadget --help' });
	}
	const file = join(folder, 'gadget.yaml');
	const source = existsSync(file) ? readFileSync(file, 'utf8') : '';
	const { metadata, problems, document } = checkMetadata(source, file, folder);
	const all = [...problems];
	let flaws: readonly string[] = [];
	if (metadata !== undefined) {
		const gadget = await openGadget(folder);
		if (gadget.object !== undefined) {
			const opened = inspectGadget(gadget);
			try {
				flaws = opened.flaws;
				all.push(...checkAgainstObject(document, metadata, opened, await finalSources(opened)));
			} finally {
				opened.close();
			}
		}
	}
	for (const problem of all) show(file, problem);
	for (const flaw of flaws) makeLog(true)('error', flaw);
	const wrong = all.filter(({ severity }) => severity === 'error').length;
	const errors = wrong + flaws.length;
	const warnings = all.length - wrong;
	const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
	if (errors === 0) process.stdout.write(`${folder} is valid${warnings === 0 ? '' : `, with ${count(warnings, 'warning')}`}\n`);
	else process.stderr.write(`${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
	return errors === 0 ? 0 : 1;
}
