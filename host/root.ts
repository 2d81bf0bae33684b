/** Where this installation's own files are. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json: above dist/host/ when compiled, above host/ when run from source. */
export const root: string = (() => {
	let folder = dirname(fileURLToPath(import.meta.url));
	for (let i = 0; i < 3; i++) {
		folder = dirname(folder);
		if (existsSync(join(folder, 'package.json'))) return folder;
	}
	return folder;
})();

/** A file that the build made. */
export function built(...path: string[]): string {
	return join(root, 'dist', ...path);
}
