/** Every gadget on other kernels: it loads, attaches, and sees an event that is made for it. docs/kernels.md shows by which hooks. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ensureKernel, kernelVersions } from './kernels.js';
import { runMatrix, untested } from './matrix.js';

const VM_TIMEOUT = 400_000;

test('each gadget has a case', () => {
	expect(untested).toEqual([]);
});

test.concurrent.for(kernelVersions)('kernel %s', { timeout: VM_TIMEOUT + 60_000 }, async (version, context) => {
	// CI installs all that it takes, so there this is no excuse.
	if (!process.env.CI && !process.env.IG_CI) {
		if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) context.skip('no QEMU; test/vm/setup.sh installs it');
		try {
			ensureKernel(version);
		} catch (error) {
			context.skip(`no kernel ${version}: ${error instanceof Error ? error.message : error}`);
		}
	}
	const cells = await runMatrix(version, VM_TIMEOUT);
	expect(Object.fromEntries([...cells].filter(([, { seen }]) => !seen).map(([gadget, { trouble }]) => [gadget, trouble]))).toEqual({});
});
