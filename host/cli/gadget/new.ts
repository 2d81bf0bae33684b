/** `ig gadget new NAME`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IgError } from '../../errors.js';
import { gadgetTemplate } from './template.js';

/** Writes a small gadget into the new folder that `path` names. */
export function newGadget(path: string): number {
	const name = basename(path).replaceAll('-', '_');
	if (!/^[a-z][a-z0-9_]{0,31}$/.test(name)) {
		const reason = `'${basename(path)}' is no name for a gadget: lower-case letters, digits and _, at most 32, a letter first`;
		throw new IgError('IG_USAGE', { reason, help: 'ig gadget --help' });
	}
	try {
		mkdirSync(path);
	} catch (cause) {
		const code = (cause as NodeJS.ErrnoException).code;
		throw new IgError(
			'IG_USAGE',
			{ reason: code === 'EEXIST' ? `'${path}' is there already` : `cannot make '${path}': ${code}`, help: 'ig gadget --help' },
			{ cause },
		);
	}
	for (const { name: file, text, executable } of gadgetTemplate(name)) {
		writeFileSync(join(path, file), text, { mode: executable ? 0o755 : 0o644 });
	}
	process.stdout.write(`${path}/ has a gadget that shows programs as they start. Next:

  ig run ./${path}              build it and run it (as root)
  ig run ./${path} --watch      the same, again on every change
  ${path}/test.sh               its own test
`);
	return 0;
}
