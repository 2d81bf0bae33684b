/** Objects that are no gadgets, or broken ones: a clear error each, never a crash. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
		[
			'has a record of nothing',
			'struct event { };\nGADGET_TRACER_MAP(events, 4096);\nGADGET_TRACER(a, events, event);',
			/nothing can be shown/,
		],
		[
			'has a record of pointers',
			'struct event { struct event *next; };\nGADGET_TRACER_MAP(events, 4096);\nGADGET_TRACER(a, events, event);',
			/nothing can be shown/,
		],
		[
			'has a section that is misspelt',
			'struct event { int x; };\nGADGET_TRACER_MAP(events, 4096);\nGADGET_TRACER(a, events, event);\nSEC("tracepiont/x/y") int on_x(void *ctx) { return 0; }',
			/program 'on_x' is in section 'tracepiont\/x\/y', which is no kind of program/,
		],
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

	it.each([
		['is large', 'struct event { char text[1 << 24]; __u32 numbers[1 << 20]; };', 'TEXT'],
		['leads to itself', 'struct event { struct event *next; int x; struct { struct event *inner; int y; } in; };', 'X IN IN.Y'],
		['has bit-fields and arrays of arrays', 'struct event { int a : 3, b : 29; int grid[3][3]; int c; int rest[]; };', 'C'],
	])('has a record that %s shows what can be shown of it', async (what, struct, columns) => {
		const folder = join(dir, what.replaceAll(' ', '_'));
		spawnSync('mkdir', [folder]);
		const tracer = 'GADGET_TRACER_MAP(events, 4096);\nGADGET_TRACER(a, events, event);';
		writeFileSync(join(folder, 'program.bpf.c'), `${head}${struct}\n${tracer}\n`);
		const { code, stdout, stderr } = await ig(['run', folder, '--timeout', '100ms']);
		expect(code, stderr).toBe(0);
		expect(stdout.trim().split(/\s+/).join(' ')).toContain(columns);
	});

	it('marks what it does not have is told so', async () => {
		const folder = join(dir, 'marks');
		spawnSync('mkdir', [folder]);
		const source = `${head}GADGET_PARAM(gone);\nconst volatile bool on = true;\nGADGET_OPTIONAL(away, on, on);\n`;
		writeFileSync(join(folder, 'program.bpf.c'), source);
		const { code, stderr } = await ig(['gadget', 'validate', folder]);
		expect(code).toBe(1);
		expect(stderr).toContain("error: GADGET_PARAM(gone): the program has no variable 'gone'\n");
		expect(stderr).toContain("error: GADGET_OPTIONAL(away, on, on): there is no program 'away'\n");
		expect(stderr).toContain('error: GADGET_OPTIONAL(away, on, on): there is no GADGET_PARAM(on)\n');
		expect((await ig(['run', folder, '--timeout', '1'])).stderr).toContain('warning: GADGET_PARAM(gone)');
	});

	it('has no types is told what it lacks', async () => {
		const bytes = readFileSync(built('gadgets/trace_open/program.bpf.o'));
		// The section's name alone makes it what it is.
		for (let at = bytes.indexOf('.BTF\0'); at !== -1; at = bytes.indexOf('.BTF\0', at + 1)) bytes.write('.XTF', at, 'latin1');
		const file = join(dir, 'untyped.bpf.o');
		writeFileSync(file, bytes);
		const { code, stderr } = await ig(['run', file]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^error: eBPF object 'untyped': it has no types \(BTF\)/);
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
