/** Every way of hooking, every kind of data source, and the owners of sockets, on other kernels. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kernelVersions } from './kernels.js';
import { runInVm } from './vm.js';

const TIMEOUT = 300_000;
const guest = fileURLToPath(new URL('guest/framework.mjs', import.meta.url));
const dist = fileURLToPath(new URL('../../dist', import.meta.url));

interface Report {
	readonly hooks: Readonly<Record<string, number | string>>;
	readonly snapshots: Readonly<Record<string, number | string>>;
	readonly sockets: string;
}

describe.concurrent.each(kernelVersions)('kernel %s', (version) => {
	it('has all of it', { timeout: TIMEOUT + 60_000 }, async () => {
		const { stdout, stderr } = await runInVm(version, `'${process.execPath}' '${guest}' '${dist}'`, { timeoutMs: TIMEOUT });
		const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? stderr) as Report;
		for (const [name, runs] of Object.entries(report.hooks)) expect(runs, name).toBeGreaterThan(0);
		const { tasks, ...rest } = report.snapshots;
		expect(tasks).toBeGreaterThan(10);
		expect(rest).toEqual({ elements: 5, plains: 5, recents: 5, spreads: 5 });
		expect(report.sockets).toBe('known');
	});
});
