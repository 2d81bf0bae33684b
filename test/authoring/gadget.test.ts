/** A gadget's author: a new gadget, its mistakes, its builds. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ig, ig } from '../support/cli.js';
import { igDuring, jsonLines } from '../support/live.js';
import { root } from '../support/pipeline.js';

let dir: string;
let mine: string;
beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), 'ig-author-'));
	mine = join(dir, 'my-execs');
	expect(await ig(['gadget', 'new', mine])).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A copy of the new gadget, to be changed. */
let copies = 0;
function copy(): string {
	const folder = join(dir, `copy_${copies++}`);
	cpSync(mine, folder, { recursive: true, preserveTimestamps: true });
	return folder;
}
function edit(file: string, from: string, to: string): void {
	const text = readFileSync(file, 'utf8');
	expect(text).toContain(from);
	writeFileSync(file, text.replace(from, to));
}

interface Exec {
	readonly file: string;
	readonly length: number;
	readonly proc: { readonly comm: string };
}

describe('a new gadget', () => {
	it('builds, runs, and passes its own test', { timeout: 60_000 }, () => {
		const { status, stdout, stderr } = spawnSync(join(mine, 'test.sh'), {
			encoding: 'utf8',
			env: { ...process.env, IG: join(root, 'ig') },
		});
		expect(stderr).toBe('');
		expect({ status, stdout }).toEqual({ status: 0, stdout: 'PASS\n' });
	});

	it('is valid', async () => {
		expect(await ig(['gadget', 'validate', mine])).toEqual({ code: 0, stdout: `${mine} is valid\n`, stderr: '' });
	});

	it('runs as a bare object, too: all is inferred from its types', async () => {
		const folder = copy();
		await ig(['gadget', 'build', folder]);
		const object = join(dir, 'bare.bpf.o');
		cpSync(join(folder, 'program.bpf.o'), object);
		const run = await igDuring([object, '-o', 'json', '--filter', 'proc.comm==true', '--min_length', '3'], () => void execFileSync('true'));
		expect(jsonLines<Exec>(run)).toMatchObject([{ proc: { comm: 'true' }, file: expect.stringMatching(/\/true$/) }]);
	});

	it.each([['3x'], ['Upper'], ['a.b']])('cannot be called %s', async (name) => {
		expect(await ig(['gadget', 'new', join(dir, name)])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('no name for a gadget'),
		});
		expect(existsSync(join(dir, name))).toBe(false);
	});

	it('does not take the place of something', async () => {
		expect(await ig(['gadget', 'new', mine])).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
	});
});

describe('a build', () => {
	it('happens when something that the object was made of is newer', async () => {
		const folder = copy();
		const object = join(folder, 'program.bpf.o');
		await ig(['image', 'inspect', folder]);
		const first = statSync(object).mtimeMs;
		await ig(['image', 'inspect', folder]);
		expect(statSync(object).mtimeMs).toBe(first);
		writeFileSync(join(folder, 'more.h'), '#define MORE 1\n');
		edit(join(folder, 'program.bpf.c'), '#include <gadget/types.h>', '#include <gadget/types.h>\n#include "more.h"');
		await ig(['image', 'inspect', folder]);
		const second = statSync(object).mtimeMs;
		expect(second).toBeGreaterThan(first);
		writeFileSync(join(folder, 'more.h'), '#define MORE 2\n');
		await ig(['image', 'inspect', folder]);
		expect(statSync(object).mtimeMs).toBeGreaterThan(second);
	});

	it("fails with the compiler's own words", async () => {
		const folder = copy();
		edit(join(folder, 'program.bpf.c'), 'gadget_process_populate(&event->proc);', 'gadget_process_populate(&event->prok);');
		const { code, stderr, stdout } = await ig(['run', folder]);
		expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
		expect(stderr).toMatch(/program\.bpf\.c:\d+:\d+: error: no member named 'prok' in 'struct event'/);
		expect(stderr).toContain('the compiler refused it');
	});

	it('needs a compiler', async () => {
		const folder = copy();
		rmSync(join(folder, 'program.bpf.o'), { force: true });
		const { code, stderr } = await ig(['run', folder], { env: { PATH: dir } });
		expect(code).toBe(1);
		expect(stderr).toContain('there is no clang');
	});

	it('adds to gadget.yaml what it lacks, and keeps what is there', async () => {
		const folder = copy();
		const yaml = join(folder, 'gadget.yaml');
		writeFileSync(
			yaml,
			'# mine\nname: mine\ndatasources:\n  my_execs:\n    fields:\n      File: {annotations: {columns.width: 7}} # seven\n',
		);
		const { stdout, code } = await ig(['gadget', 'build', folder, '--update-metadata']);
		expect(code).toBe(0);
		expect(stdout).toContain('added field my_execs.length, parameter min_length');
		const text = readFileSync(yaml, 'utf8');
		expect(text).toMatch(/^# mine\nname: mine\n/);
		expect(text).toContain('# seven');
		expect(text).toContain('description: "TODO: Fill field description"');
		expect((await ig(['gadget', 'build', folder, '--update-metadata'])).stdout).toContain('has everything');
		expect((await ig(['gadget', 'validate', folder])).code).toBe(0);
	});
});

describe('validation', () => {
	it('points at what the program does not have', async () => {
		const folder = copy();
		const yaml = join(folder, 'gadget.yaml');
		edit(yaml, '      length:', '      lenght:');
		edit(yaml, '    min_length:', '    min_lenght:');
		appendFileSync(yaml, 'hooks:\n  exec: [{programs: [nothing]}]\n');
		const { code, stderr, stdout } = await ig(['gadget', 'validate', folder]);
		expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
		expect(stderr).toContain(`warning: ${yaml}:10:7: the gadget has no field 'lenght' (did you mean length?)`);
		expect(stderr).toContain(`> 10 |       lenght:`);
		expect(stderr).toMatch(/error: .*gadget\.yaml:\d+:5: the gadget has no parameter 'min_lenght' \(did you mean min_length\?\)/);
		expect(stderr).toMatch(/error: .*gadget\.yaml:\d+:\d+: the object has no program 'nothing'/);
		expect(stderr).toContain('2 errors, 1 warning');
	});
});

describe('--watch', () => {
	it('builds again and goes on with the new build; one that the compiler refuses changes nothing', { timeout: 60_000 }, async () => {
		const folder = copy();
		const source = join(folder, 'program.bpf.c');
		const running = new Ig(['run', folder, '--watch', '-v', '-o', 'json', '--filter', 'proc.comm==true']);
		await running.until('running...');
		execFileSync('true');
		await running.until('"comm":"true"', 'stdout');
		edit(source, 'event->length = size > 0 ? size - 1 : 0;', 'event->length = 4711; oops');
		await running.until('the build before goes on');
		edit(source, 'event->length = 4711; oops', 'event->length = 4711;');
		await running.until('was built again');
		await running.until(/running\.\.\.[\s\S]*running\.\.\./);
		execFileSync('true');
		await running.until('"length":4711', 'stdout');
		running.signal('SIGINT');
		expect((await running.done).code).toBe(0);
	});

	it('needs something to watch', async () => {
		expect(await ig(['run', 'trace_open', '--watch'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--watch needs') });
	});
});
