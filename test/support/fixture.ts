/** Programs that tests run: `test/fixtures/NAME.c`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { built, root } from '../../host/root.js';

/** Compiles it when it is stale; the binary's path. */
export function fixture(name: string): string {
	const source = join(root, 'test/fixtures', `${name}.c`);
	const binary = built('fixtures', name);
	if (!existsSync(binary) || statSync(binary).mtimeMs < statSync(source).mtimeMs) {
		mkdirSync(built('fixtures'), { recursive: true });
		execFileSync('cc', ['-O1', '-Wall', '-Werror', '-pthread', '-o', binary, source]);
	}
	return binary;
}
