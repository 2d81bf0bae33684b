/** `--watch` on a gadget's folder: builds it again when something that it was made of changes. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildGadget, dependencies, SOURCE } from '../gadget/build.js';
import { parseMetadata } from '../gadget/metadata-file.js';
import type { Log } from './report.js';

const POLL_MS = 200;

function fingerprint(folder: string): string {
	const files = [...(dependencies(folder) ?? [join(folder, SOURCE)]), join(folder, 'gadget.yaml'), join(folder, 'build.yaml')];
	return files
		.map((file) => {
			const found = statSync(file, { bigint: true, throwIfNoEntry: false });
			return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}`;
		})
		.join(' ');
}

/**
 * Calls `rebuilt` once, when the folder has a new build or a new gadget.yaml. A source that the compiler refuses changes nothing:
 * what runs goes on. It polls, as `FileWatch` does.
 * @returns ends it
 */
export function watchGadget(folder: string, rebuilt: () => void, log: Log): () => void {
	let taken = fingerprint(folder);
	let before = taken;
	let over = false;
	let timer: NodeJS.Timeout | undefined;
	const look = async (): Promise<boolean> => {
		const now = fingerprint(folder);
		const settled = now === before;
		before = now;
		if (now === taken || !settled || !existsSync(join(folder, SOURCE))) return false;
		taken = now;
		try {
			await buildGadget(folder);
			const yaml = join(folder, 'gadget.yaml');
			if (existsSync(yaml)) parseMetadata(readFileSync(yaml, 'utf8'), yaml, folder);
			return true;
		} catch (error) {
			log('warn', `${error instanceof Error ? error.message : String(error)}; the build before goes on`);
			return false;
		}
	};
	const again = (): void => {
		timer = setTimeout(async () => {
			const isNew = await look();
			if (over) return;
			if (isNew) {
				log('info', `${folder} was built again`);
				rebuilt();
			} else again();
		}, POLL_MS);
	};
	again();
	return () => {
		over = true;
		clearTimeout(timer);
	};
}
