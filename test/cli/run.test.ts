import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ig, ig } from '../support/cli.js';

let folder: string;
/** A file that nobody else opens. */
let file: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'ig-run-'));
	file = join(folder, 'opened-by-the-test');
	writeFileSync(file, 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

const cat = (times = 1): void => {
	for (let i = 0; i < times; i++) execFileSync('/bin/cat', [file]);
};
/** `filter` for the opens of the test's file. */
const mine = (): string => `fname==${file}`;
const lines = (text: string): Record<string, unknown>[] =>
	text
		.trim()
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as Record<string, unknown>);

describe('ig run', () => {
	it('shows what happens once it says "running...", as JSON, until Ctrl-C', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--filter', mine()]);
		await run.until('running...');
		cat(3);
		await run.until(/(.*fname.*\n){3}/, 'stdout');
		run.signal('SIGINT');
		const { code, stdout } = await run.done;
		expect(code).toBe(0);
		const events = lines(stdout);
		expect(events).toHaveLength(3);
		expect(events[0]).toMatchObject({ fname: file, error: '', error_raw: 0, proc: { comm: 'cat', creds: { uid: 0, user: 'root' } } });
	});

	it('ends by itself after --timeout, with 0', async () => {
		const began = Date.now();
		const { code, stdout, stderr } = await ig([
			'run',
			'trace_open',
			'-o',
			'json',
			'--timeout',
			'300ms',
			'--filter',
			'fname==/nonexistent/x',
		]);
		expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
		expect(Date.now() - began).toBeGreaterThan(300);
	});

	it('takes SIGTERM like Ctrl-C', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'none']);
		await run.until('running...');
		run.signal('SIGTERM');
		expect((await run.done).code).toBe(0);
	});

	it('accounts for every record with --stats', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--stats', '--filter', mine()]);
		await run.until('running...');
		cat(2);
		await run.until(/(.*fname.*\n){2}/, 'stdout');
		run.signal('SIGINT');
		const { stderr } = await run.done;
		expect(stderr).toMatch(/^OPERATOR +BATCHES +ROWS IN/m);
		expect(stderr).toMatch(/^json +\d+ +2 +2 /m);
		const identity = /submitted (\d+) = delivered (\d+) \+ filtered (\d+)(?: \(\d+ in the kernel\))? \+ lost (\d+)$/m.exec(stderr);
		const [submitted = 0, ...parts] = (identity ?? []).slice(1).map(Number);
		expect(parts[0]).toBe(2);
		expect(parts.reduce((sum, part) => sum + part, 0)).toBe(submitted);
	});

	it('decides early what needs no texts, and late what does', async () => {
		const early = await ig(['run', 'trace_open', '-o', 'json', '--timeout', '100ms', '--stats', '--filter', 'fd>1000000']);
		const late = await ig(['run', 'trace_open', '-o', 'json', '--timeout', '100ms', '--stats', '--filter', 'error==nothing']);
		const order = (text: string): string[] => [...text.matchAll(/^(filter|formatters) /gm)].map(([, name]) => name ?? '');
		expect(order(early.stderr)).toEqual(['filter', 'formatters']);
		expect(order(late.stderr)).toEqual(['formatters', 'filter']);
	});

	it('ends with 0 when the reader of its output goes away', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--filter', mine()]);
		await run.until('running...');
		cat();
		await run.until(/fname.*\n/, 'stdout');
		run.child.stdout?.destroy();
		cat(2);
		expect((await run.done).code).toBe(0);
	});

	it('writes to a file', async () => {
		const path = join(folder, 'out.json');
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--output-file', path, '--filter', mine()]);
		await run.until('running...');
		cat();
		while (!readFileSync(path, 'utf8').includes('\n')) await new Promise((resolve) => setTimeout(resolve, 10));
		run.signal('SIGINT');
		expect((await run.done).stdout).toBe('');
		expect(lines(readFileSync(path, 'utf8'))).toHaveLength(1);
	});

	it('filters in the kernel by the parameters of the gadget', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--stats', '--pid', String(process.pid)]);
		await run.until('running...');
		cat();
		readFileSync(file);
		await run.until(file, 'stdout');
		run.signal('SIGINT');
		const { stdout } = await run.done;
		const pids = new Set(lines(stdout).map((event) => (event.proc as { pid: number }).pid));
		expect([...pids]).toEqual([process.pid]);
	});

	it('has columns with a header', async () => {
		const run = new Ig(['run', 'trace_open', '-v', '--fields', 'proc.comm,fname,error', '--filter', mine()]);
		await run.until('running...');
		cat();
		await run.until(/cat .*\n/, 'stdout');
		run.signal('SIGINT');
		const [header = '', row = ''] = (await run.done).stdout.split('\n');
		expect(header.trim().split(/ +/)).toEqual(['COMM', 'FNAME', 'ERROR']);
		expect(row).toContain('cat');
	});

	it('keeps a recording that replays to the same output, without root', async () => {
		const path = join(folder, 'rec');
		const run = new Ig(['run', 'trace_open', '-v', '-o', 'json', '--record', path, '--filter', mine()]);
		await run.until('running...');
		cat(3);
		await run.until(/(.*fname.*\n){3}/, 'stdout');
		run.signal('SIGINT');
		const live = await run.done;
		expect(existsSync(path)).toBe(true);
		const replayed = await ig(['replay', path, '-o', 'json', '--filter', mine()]);
		expect(replayed.code).toBe(0);
		expect(replayed.stdout).toBe(live.stdout);
	});
});

describe('errors of the command line', () => {
	it.each([
		[['run', 'trace_open', '--pths'], 2, "error: unknown flag '--pths' (did you mean --paths?)\nhint: see `ig run trace_open --help`\n"],
		[
			['run', 'trace_opn'],
			1,
			/^error: no gadget 'trace_opn' \(did you mean trace_open\?\)\nhint: built-in gadgets: .*trace_exec, .*trace_open/,
		],
		[['run', 'trace_open', '--pid', 'x'], 2, /^error: parameter 'pid': 'x' is not an integer/],
		[['run', 'trace_open', '-o', 'jsn'], 2, /^error: flag '--output': 'jsn' is not one of .*did you mean json/],
		[['run', 'trace_open', '-c', 'web'], 2, /^error: flag '--containername' is not supported yet: containers come later/],
		[['run', 'trace_open', '--wasm-operator', '/nonexistent.wasm'], 2, /nonexistent\.wasm/],
		[['run', 'trace_open', '--output-file', '/nonexistent/x'], 1, /^error: cannot write '\/nonexistent\/x': ENOENT/],
		[['run', 'trace_open', '--filter', 'fnme==x'], 2, /^error: --filter: .*fnme.*\n(.*\n)*hint: see `ig run trace_open --help`\n$/],
		[['run', 'trace_open', '--filter-expr', 'fd >'], 2, /^error: --filter-expr: the expression ends.*\n +fd >\n/],
		[['run', 'trace_open', '--fields', 'fnme'], 2, /^error: --fields: .*did you mean "fname"/],
		[['rnu'], 2, /^error: unknown command 'rnu' \(did you mean run\?\)/],
		[['replay', '/nonexistent'], 1, /^error: .*\/nonexistent/],
	])('%j', async (args, code, text) => {
		const result = await ig(args);
		expect(result.stdout).toBe('');
		if (typeof text === 'string') expect(result.stderr).toBe(text);
		else expect(result.stderr).toMatch(text);
		expect(result.code).toBe(code);
	});

	it('says that root is needed, and what works without', async () => {
		const result = await ig(['run', 'trace_open'], { uid: 65534 });
		expect(result.stderr).toBe('error: loading eBPF programs needs root\nhint: run it with sudo; `ig replay` and `--help` work without\n');
		expect(result.code).toBe(1);
	});
});

describe('help', () => {
	it('is there without root, with the flags and fields of the gadget', async () => {
		const { code, stdout, stderr } = await ig(['run', 'trace_open', '--help'], { uid: 65534 });
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		for (const text of [
			'--failed',
			'--paths',
			'--uid <uint32>',
			'0..4294967295',
			'--wasm-operator',
			'* fname ',
			'  timestamp ',
			'Full path',
		]) {
			expect(stdout).toContain(text);
		}
	});

	it.each([[[]], [['--help']], [['help']], [['help', 'run']], [['run', '--help']], [['replay', '--help']], [['completion', '--help']]])(
		'%j',
		async (args) => {
			const { code, stdout, stderr } = await ig(args);
			expect(code).toBe(0);
			expect(stdout).toMatch(/^Usage: ig /);
			expect(stderr === '' || stderr.startsWith('Give a gadget')).toBe(true);
		},
	);

	it('tells versions', async () => {
		const { stdout } = await ig(['--version']);
		expect(stdout).toMatch(/^ig \d+\.\d+\.\d+\nlibbpf 1\.7.*\nnode .*\nkernel .*\nBTF (present|missing)/);
	});
});

describe('completion', () => {
	const complete = async (...words: string[]): Promise<string[]> =>
		(await ig(['__complete', ...words])).stdout.split('\n').map((line) => line.split('\t')[0] ?? '');

	it('knows commands, gadgets, flags and output modes', async () => {
		expect(await complete('--', 're')).toContain('replay');
		expect(await complete('run', '--', 'trace_o')).toContain('trace_open');
		expect(await complete('run', 'trace_open', '--', '--pa')).toContain('--paths');
		expect(await complete('run', 'trace_open', '-o', '--', 'js')).toEqual(['json', 'jsonpretty', '']);
	});

	it('works in bash', () => {
		const main = new URL('../../dist/host/cli/main.js', import.meta.url).pathname;
		const script = `ig() { node ${main} "$@"; }; source <(ig completion bash); COMP_WORDS=(ig run trace_ope); COMP_CWORD=2; _ig; printf '%s\\n' "\${COMPREPLY[@]}"`;
		expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')).toEqual(['trace_open']);
	});
});
