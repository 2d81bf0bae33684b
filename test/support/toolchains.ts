/** What a machine may lack for building operators; setup installs the rest. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pipeline.js';

/** Skips a test of a language whose example `make test-fixtures` could not build. */
export function skipWithoutTools(language: string, skip: (reason: string) => void): void {
	if (language === 'go' && !existsSync(join(root, 'dist/examples/go-filter.wasm'))) skip('this machine has no Go 1.24 or later');
}
