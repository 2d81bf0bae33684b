/** `ig gadget build DIR`. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IgError } from '../../errors.js';
import { buildGadget, SOURCE } from '../../gadget/build.js';
import { openGadget } from '../../gadget/gadget.js';
import { inspectGadget } from '../../gadget/instance.js';
import { updateMetadata } from '../../gadget/metadata-update.js';

export async function buildCommand(folder: string, update: boolean): Promise<number> {
	if (!statSync(join(folder, SOURCE), { throwIfNoEntry: false })?.isFile()) {
		throw new IgError('IG_USAGE', { reason: `'${folder}' has no ${SOURCE}`, help: 'ig gadget --help' });
	}
	await buildGadget(folder);
	if (update) {
		const file = join(folder, 'gadget.yaml');
		const opened = inspectGadget(await openGadget(folder));
		try {
			const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
			const { text, added } = updateMetadata(before, file, opened);
			if (text !== before) writeFileSync(file, text);
			process.stdout.write(added.length === 0 ? `${file} has everything\n` : `${file}: added ${added.join(', ')}\n`);
		} finally {
			opened.close();
		}
	}
	process.stdout.write(`built ${join(folder, 'program.bpf.o')}\n`);
	return 0;
}
