import { release } from 'node:os';
import { expect, it } from 'vitest';
import { builtInGadgets } from '../../host/gadget/gadget.js';
import { ig } from '../support/cli.js';

interface Report {
	readonly kernel: string;
	readonly checks: readonly {
		readonly id: string;
		readonly ok: boolean;
		readonly required: boolean;
		readonly detail: string;
		readonly fix: string;
	}[];
	readonly gadgets: readonly { readonly name: string; readonly ok: boolean; readonly reason: string; readonly code?: string }[];
}

it('says what this host offers and which gadgets can run', { timeout: 60_000 }, async () => {
	const { stdout, code } = await ig(['doctor', '-o', 'json']);
	const { kernel, checks, gadgets } = JSON.parse(stdout) as Report;
	expect(kernel).toBe(release());
	expect(code).toBe(checks.every(({ ok, required }) => ok || !required) ? 0 : 1);
	for (const check of checks) {
		expect(check.detail, check.id).not.toBe('');
		// What works needs no repair.
		if (check.ok) expect(check.fix, check.id).toBe('');
	}
	expect(checks.map(({ id }) => id)).toEqual(
		expect.arrayContaining(['capabilities', 'btf', 'tracefs', 'map.ringbuf', 'hook.kprobe', 'lockdown', 'cgroups', 'wasm']),
	);
	expect(gadgets.map(({ name }) => name)).toEqual(builtInGadgets());
	for (const { name, ok, reason } of gadgets) expect(ok, `${name}: ${reason}`).toBe(reason === '');
	expect(gadgets.find(({ name }) => name === 'trace_open')?.ok).toBe(true);
});

it('says it for people, and to those who are not root what they lack', { timeout: 60_000 }, async () => {
	const { stdout, code } = await ig(['doctor'], { uid: 65534 });
	expect(code).toBe(1);
	expect(stdout).toMatch(/no {2}capabilities +none of those that eBPF needs\n +→ run ig as root/);
	expect(stdout).toMatch(/Gadgets: 0 of \d+ can run/);
});

it('has no other output modes', async () => {
	expect(await ig(['doctor', '-o', 'xml'])).toMatchObject({ code: 2 });
	expect((await ig(['doctor', '--help'])).stdout).toContain('json for support tickets');
});
