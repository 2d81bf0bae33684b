/** Objects that are no gadgets, or broken ones: a clear error each, never a crash. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { built } from '../../host/root.js';
import { ig } from '../support/cli.js';
import { root } from '../support/pipeline.js';

const dir = mkdtempSync(join(tmpdir(), 'ig-objects-'));
afterAll(() => rmSync(dir, { recursive: true }));

it.each(['trace_open', 'snapshot_process'])('%s, broken in 300 ways', { timeout: 120_000 }, (name) => {
	const script = join(root, 'dist/test/authoring/mutate.js');
	const { status, signal, stdout, stderr } = spawnSync(
		process.execPath,
		[script, built('gadgets', name, 'program.bpf.o'), '20261124', '300'],
		{ encoding: 'utf8' },
	);
	// The last line names what it was at when it ended.
	const last = stdout.trimEnd().split('\n').at(-1) ?? '';
	expect({ status, signal, last }, stderr).toEqual({ status: 0, signal: null, last: expect.stringMatching(/^\{.*"IG_OBJECT":\d+/) });
});

describe('a gadget whose program', () => {
	const head =
		'#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include <gadget/buffer.h>\n#include <gadget/macros.h>\nchar LICENSE[] SEC("license") = "GPL";\n';
	it.each([
		['names a ring that is not there', 'struct event { int x; };\nGADGET_TRACER(a, nowhere, event);', /nowhere/],
		[
			'has a marker without its struct',
			'GADGET_TRACER_MAP(events, 4096);\nconst void *gadget_tracer_a___events___nothing __attribute__((unused));',
			/nothing/,
		],
		['reads a map that is no hash map', 'GADGET_TRACER_MAP(events, 4096);\nGADGET_MAPITER(a, events);', /events/],
		['has an iterator without a program', 'struct event { int x; };\nGADGET_SNAPSHOTTER(a, event, gone);', /gone/],
	])('%s', async (what, source, said) => {
		const folder = join(dir, what.replaceAll(' ', '_'));
		spawnSync('mkdir', [folder]);
		writeFileSync(join(folder, 'program.bpf.c'), `${head}${source}\n`);
		const { code, stderr, stdout } = await ig(['run', folder, '--timeout', '1']);
		expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
		expect(stderr).toMatch(/^error: /m);
		expect(stderr).toMatch(said);
		expect(stderr).not.toContain('internal error');
	});

	it.each([
		['is empty', ''],
		['is a text', 'hello\n'],
	])('%s', async (what, text) => {
		const file = join(dir, `${what.replaceAll(' ', '_')}.bpf.o`);
		writeFileSync(file, text);
		expect(await ig(['run', file])).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: eBPF object/) });
	});

	it('declares nothing that could be shown is said so', async () => {
		const folder = join(dir, 'nothing');
		spawnSync('mkdir', [folder]);
		writeFileSync(join(folder, 'program.bpf.c'), head);
		const { code, stderr } = await ig(['run', folder, '--timeout', '1']);
		expect(code, stderr).toBe(0);
		expect(stderr).toContain('warning: this gadget has no data source');
	});
});
