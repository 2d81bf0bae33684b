import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ig } from '../../test/support/cli.js';
import { fixture, type Identity, igDuring, jsonRows } from '../../test/support/live.js';

interface Row extends Identity {
	readonly samples: number;
	readonly kernel_ip: number;
	readonly kern_stack: string;
	readonly user_stack_raw: { readonly symbols: string; readonly addresses: string; readonly buildid: string };
}

const burner = fixture('burner');
const folder = mkdtempSync('/var/tmp/ig-burner-');
afterAll(() => rmSync(folder, { recursive: true }));
// Once, if nothing did before: a minute or two.
beforeAll(() => void execFileSync('make', ['-s', 'blazesym'], { stdio: 'ignore' }), 900_000);

/** A process that burns CPU time until it is stopped. */
async function burning(...args: string[]): Promise<ChildProcess & { readonly pid: number }> {
	const child = spawn(args[0] ?? '', args.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
	await once(child.stdout, 'data');
	return child as ChildProcess & { readonly pid: number };
}

/** When a process has used that much more CPU time, seconds. */
async function burnt(pid: number, seconds: number): Promise<void> {
	const used = (): number => {
		const [utime = 0, stime = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
		return (utime + stime) / 100;
	};
	for (const start = used(); used() - start < seconds; ) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Profiles one process until what is shown matches; what was shown. */
async function profile(args: readonly string[], flags: readonly string[], enough: RegExp): Promise<Row[]> {
	const child = await burning(...args);
	try {
		const ig = new Ig(['run', 'profile_cpu', '--pid', `${child.pid}`, '-o', 'json', '--map-fetch-interval', '100ms', ...flags]);
		await ig.until(enough, 'stdout');
		ig.signal('SIGINT');
		return jsonRows<Row>(await ig.done);
	} finally {
		child.kill();
		rmSync(`/tmp/perf-${child.pid}.map`, { force: true });
	}
}

const nested = /"symbols":"burn_inner; burn_middle; burn_outer; main; /;
const spinning = /"symbols":"jit:spin; /;
const symbols = ({ user_stack_raw }: Row): string => user_stack_raw.symbols;
const isNested = (row: Row): boolean => symbols(row).startsWith('burn_inner; burn_middle; burn_outer; main; ');

test('functions of a program are named, the innermost first', async () => {
	const rows = await profile([burner, 'user'], ['--collect-ustack'], nested);
	const row = rows.find(isNested) as Row;
	expect(row.proc.comm).toBe('burner');
	expect(row.samples).toBeGreaterThan(0);
	expect(row).toMatchObject({ kernel_ip: 0, kern_stack: '' });
	// Each frame has an address, and the other way round.
	expect(row.user_stack_raw.addresses.match(/0x[0-9a-f]{16}; /g)).toHaveLength(symbols(row).split('; ').length - 1);
});

test('functions of the kernel are named, and --kernel-stacks-only leaves the others out', async () => {
	const reads = /(^|; )vfs_read; ksys_read; /;
	const rows = await profile([burner, 'kernel'], ['--kernel-stacks-only', '--collect-ustack'], /vfs_read; ksys_read; /);
	const row = rows.find(({ kern_stack }) => reads.test(kern_stack));
	expect(row?.kernel_ip).toBeGreaterThan(2 ** 63);
	expect(rows.every((one) => symbols(one) === '')).toBe(true);
});

test('--user-stacks-only leaves the kernel out', async () => {
	const rows = await profile([burner, 'kernel'], ['--user-stacks-only'], /"symbols":"[^"]*read; /);
	expect(rows.every(({ kern_stack }) => kern_stack === '')).toBe(true);
});

test('code of a JIT compiler is named by its perf map', async () => {
	expect(await profile([burner, 'jit'], ['--collect-ustack'], spinning)).not.toEqual([]);
});

test("files are those of the process's own root", async () => {
	// As in a container: nothing has that path here, and the perf map is in its /tmp.
	const libraries = execFileSync('ldd', [burner], { encoding: 'utf8' }).matchAll(/(\/\S+) \(/g);
	for (const path of [...libraries].map(([, path = '']) => path)) {
		mkdirSync(join(folder, dirname(path)), { recursive: true });
		copyFileSync(path, join(folder, path));
	}
	for (const name of ['igburner', 'tmp']) mkdirSync(join(folder, name), { recursive: true });
	copyFileSync(burner, join(folder, 'igburner/burner'));
	expect(existsSync('/igburner/burner')).toBe(false);
	const command = ['unshare', '--mount', '--root', folder, '/igburner/burner'];
	await profile([...command, 'user'], ['--collect-ustack'], nested);
	await profile([...command, 'jit'], ['--collect-ustack'], spinning);
});

test('-o folded has a line for each stack, the outermost frame first', async () => {
	const child = await burning(burner, 'user');
	const system = await burning(burner, 'kernel');
	try {
		const flags = ['--comm', 'burner', '--map-fetch-interval', '0'];
		const ig = await igDuring(['profile_cpu', '-o', 'folded', ...flags], async () => {
			await Promise.all([burnt(child.pid, 0.5), burnt(system.pid, 0.5)]);
		});
		expect(ig.code).toBe(0);
		const lines = ig.stdout.trimEnd().split('\n');
		expect(lines.every((line) => /^burner(;[^;]+)* \d+$/.test(line))).toBe(true);
		expect(ig.stdout).toMatch(/^burner;.*main;burn_outer;burn_middle;burn_inner \d+$/m);
		expect(ig.stdout).toMatch(/^burner;.*read;.*;ksys_read_\[k\];vfs_read_\[k\].* \d+$/m);
	} finally {
		child.kill();
		system.kill();
	}
});

test('a process that ended is named by the build ids of files that are known', async () => {
	// Another run of the same file is there the whole time; what is looked at is over before it is shown.
	const other = await burning(burner, 'user');
	try {
		const flags = ['--comm', 'burner', '--collect-ustack', '--collect-build-id', '--map-fetch-interval', '0'];
		let pid = 0;
		const result = await igDuring(['profile_cpu', '-o', 'json', ...flags], async () => {
			await burnt(other.pid, 0.5);
			pid = Number(execFileSync(burner, ['once'], { encoding: 'utf8' }));
		});
		const rows = jsonRows<Row>(result).filter((row) => row.proc.pid === pid);
		expect(rows.some(isNested)).toBe(true);
		expect(rows[0]?.user_stack_raw.buildid).toMatch(/^[0-9a-f]{40} \+[0-9a-f]+; /);
	} finally {
		other.kill();
	}
});

test("a stripped program is named by its debug file in debuginfod's cache", async () => {
	const stripped = join(folder, 'stripped');
	const cache = join(folder, 'cache');
	const id = /Build ID: ([0-9a-f]+)/.exec(execFileSync('readelf', ['-n', burner], { encoding: 'utf8' }))?.[1] ?? '';
	mkdirSync(join(cache, id), { recursive: true });
	execFileSync('objcopy', ['--only-keep-debug', burner, join(cache, id, 'debuginfo')]);
	execFileSync('strip', ['-o', stripped, burner]);
	const flags = ['--collect-ustack', '--debuginfod-cache-path', cache];
	expect((await profile([stripped, 'user'], flags, nested)).some(isNested)).toBe(true);
});

test('--symbolizers none shows addresses alone', async () => {
	const flags = ['--collect-ustack', '--symbolizers', 'none'];
	const rows = await profile([burner, 'user'], flags, /"addresses":"0x/);
	expect(rows[0]?.user_stack_raw).toMatchObject({ symbols: '', addresses: expect.stringMatching(/^0x[0-9a-f]{16}; 0x/) });
});

test('an unknown symbolizer is an error', async () => {
	const wrong = await new Ig(['run', 'profile_cpu', '--collect-ustack', '--symbolizers', 'symtap']).done;
	expect(wrong.code).toBe(2);
	expect(wrong.stderr).toContain('did you mean symtab?');
});
