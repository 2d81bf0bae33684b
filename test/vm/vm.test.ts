import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ensureKernel, kernelVersions } from './kernels.js';
import { runInVm } from './vm.js';

// The first run fetches the kernels.
const timeout = 300_000;

describe.concurrent.each(kernelVersions)('kernel %s', (version) => {
	it('runs a command with this machine’s files and reports what it said', { timeout }, async () => {
		const result = await runInVm(version, 'uname -r; echo to stderr >&2; cat "$FILE"; exit 7', {
			env: { FILE: '/etc/hostname' },
			timeoutMs: timeout,
		});
		const [release, ...rest] = result.stdout.split('\n');
		expect(release).toBe(ensureKernel(version).release);
		expect(release?.startsWith(`${version}.`)).toBe(true);
		expect(rest.join('\n')).not.toBe('');
		expect(result.stderr).toBe('to stderr\n');
		expect(result.code).toBe(7);
	});
});

it.concurrent('switches off a machine whose command does not end', { timeout }, async () => {
	await expect(runInVm('6.12', 'echo started; sleep 1000', { timeoutMs: 30_000 })).rejects.toThrow(
		/did not finish in 30000 ms[\s\S]*started/,
	);
});

it.concurrent('lets the guest write to the machine’s files without effect on them', { timeout }, async () => {
	const result = await runInVm('6.12', 'echo changed >/etc/hostname && cat /etc/hostname');
	expect(result.stdout).toBe('changed\n');
	expect(readFileSync('/etc/hostname', 'utf8')).not.toBe('changed\n');
});
