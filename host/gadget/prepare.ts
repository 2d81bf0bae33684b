/** Writes the prepared copies beside the gadget.yaml files of the built gadgets: `node dist/host/gadget/prepare.js dist/gadgets`. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IgError } from '../errors.js';
import { parseMetadata } from './metadata-file.js';
import { PREPARED, readPrepared, writePrepared } from './prepared.js';

const folder = process.argv[2] ?? 'dist/gadgets';
for (const name of readdirSync(folder)) {
	const path = join(folder, name, 'gadget.yaml');
	if (!existsSync(path)) continue;
	const source = readFileSync(path, 'utf8');
	const target = join(folder, name, PREPARED);
	if (existsSync(target) && readPrepared(readFileSync(target, 'utf8'), source) !== undefined) continue;
	try {
		const file = parseMetadata(source, path, name);
		for (const warning of file.warnings) console.error(warning);
		writeFileSync(`${target}.new`, writePrepared(source, file));
		renameSync(`${target}.new`, target);
	} catch (error) {
		if (!(error instanceof IgError)) throw error;
		console.error(error.message);
		process.exitCode = 1;
	}
}
