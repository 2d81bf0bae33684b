/** `ig operator manifest`: for who builds without `ig operator build`, in a language whose compiler makes no custom sections. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { IgError } from '../../errors.js';
import { withManifest } from '../../operator/manifest.js';
import { unreadable } from '../../operator/mistakes.js';

function read(file: string): Buffer {
	try {
		return readFileSync(file);
	} catch (cause) {
		throw new IgError('IG_OPERATOR_FILE', { file, reason: unreadable(cause) }, { cause });
	}
}

/** @returns the exit code */
export function manifest([file, json]: readonly string[], help: string): number {
	if (file === undefined || json === undefined) {
		throw new IgError('IG_USAGE', { reason: 'manifest needs the file of a module and the file of its manifest', help });
	}
	writeFileSync(`${file}.new`, withManifest(read(file), read(json).toString(), json));
	renameSync(`${file}.new`, file);
	return 0;
}
