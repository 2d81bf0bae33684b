import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IgError } from '../../host/errors.js';
import { builtInGadgets, isGadget, openGadget } from '../../host/gadget/gadget.js';

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'ig-gadget-'));
	mkdirSync(join(folder, 'mine'));
	writeFileSync(join(folder, 'mine/gadget.yaml'), 'name: my own\ndescription: mine\n');
	writeFileSync(join(folder, 'mine/program.bpf.o'), '');
	writeFileSync(join(folder, 'other.bpf.o'), '');
	mkdirSync(join(folder, 'empty'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function codeOf(reference: string): Promise<unknown> {
	try {
		await openGadget(reference);
	} catch (error) {
		if (error instanceof IgError) return error;
		throw error;
	}
	return undefined;
}

describe('what a user calls a gadget', () => {
	it.each([
		'trace_open',
		'trace_open:latest',
		'trace_open:v0.45.0',
		'ghcr.io/inspektor-gadget/gadget/trace_open:latest',
		`ghcr.io/inspektor-gadget/gadget/trace_open@sha256:${'0'.repeat(64)}`,
	])('%s is the built-in one', async (reference) => {
		const gadget = await openGadget(reference);
		expect(gadget.name).toBe('trace_open');
		expect(gadget.object).toMatch(/gadgets\/trace_open\/program\.bpf\.o$/);
		expect(gadget.metadata.dataSources).toHaveProperty('open');
	});

	it('may be a folder or an object file', async () => {
		const gadget = await openGadget(join(folder, 'mine'));
		expect(gadget).toMatchObject({ name: 'mine', metadata: { name: 'my own', description: 'mine' } });
		expect(await openGadget(join(folder, 'other.bpf.o'))).toMatchObject({ name: 'other', metadata: { name: 'other' } });
	});

	it('says what there is when there is no such gadget', async () => {
		const error = await codeOf('trace_opn');
		expect(error).toMatchObject({ code: 'IG_GADGET_NOT_FOUND', message: "no gadget 'trace_opn' (did you mean trace_open?)" });
		expect((error as IgError).hint).toMatch(/trace_exec, .*trace_open/);
		expect(await codeOf(join(folder, 'empty'))).toMatchObject({ code: 'IG_GADGET_INVALID' });
		expect(await codeOf('../../etc/passwd')).toMatchObject({ code: 'IG_GADGET_NOT_FOUND' });
	});

	it('is told from other arguments', () => {
		expect(['json', 'trace_open', '5', folder].map(isGadget)).toEqual([false, true, false, true]);
		expect(builtInGadgets()).toEqual(expect.arrayContaining(['trace_exec', 'trace_open']));
	});
});
