/** trace_open and trace_exec on the oldest and the newest kernel: every known event is found once, with its fields right, by the hooks meant for it. */
import { spawnSync } from 'node:child_process';
import { constants, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { fixture } from '../support/live.js';
import { ensureKernel, type KernelVersion, kernelVersions } from './kernels.js';
import { type TracePlan, type TraceResult, traceInVm } from './trace.js';

// The machine is switched off after this time; the first run fetches the kernel, too.
const VM_TIMEOUT = 300_000;
const TIMEOUT = VM_TIMEOUT + 60_000;

interface Process {
	readonly comm: string;
	readonly pid: number;
	readonly tid: number;
	readonly mntns_id: number;
	readonly creds: { readonly uid: number; readonly gid: number };
	readonly parent: { readonly comm: string; readonly pid: number };
}

interface OpenEvent {
	readonly proc: Process;
	readonly fd: number;
	readonly error: string;
	readonly flags: string;
	readonly flags_raw: number;
	readonly mode: string;
	readonly mode_raw: number;
	readonly fname: string;
	readonly fpath: string;
}

interface ExecEvent {
	readonly proc: Process;
	readonly error: string;
	readonly args: string;
	readonly cwd: string;
	readonly file: string;
	readonly exepath: string;
	readonly parent_exepath: string;
}

/** What opener and execer say about a call. */
interface Call {
	readonly pid: number;
	readonly tid: number;
	/** opener's: -errno when it failed. */
	readonly fd: number;
}

const { O_RDONLY, O_RDWR, O_CREAT } = constants;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE = 0o20200000;

const SEPARATOR = '\u00a0';

const opener = realpathSync(fixture('opener'));
const execer = realpathSync(fixture('execer'));
const shell = realpathSync('/bin/sh');
const lowerProgram = realpathSync('/bin/true');

// On a tmpfs, where inode and device are what stat(2) says; and in the upper layer of the overlay that is the VM's root.
const dir = '/dev/shm/ig test';
const upper = '/var/ig-upper';
const program = `${dir}/igprog`;
const upperProgram = `${upper}/igupper`;
const script = `${dir}/igscript`;
const orphan = `${dir}/igorphan`;
const broken = `${dir}/igbroken`;
const file = `${dir}/a file`;

const prepare = `
mkdir -p '${dir}' '${upper}'
echo x >'${file}'
cp ${lowerProgram} '${program}'
cp ${lowerProgram} '${upperProgram}'
printf '#!/bin/sh -e\\nexit 0\\n' >'${script}'
printf '#!/nonexistent/interpreter\\n' >'${orphan}'
echo 'not a program' >'${broken}'
chmod +x '${script}' '${orphan}' '${broken}'`;

interface Open {
	readonly call: 'open' | 'openat' | 'openat2' | 'thread';
	readonly flags: number;
	readonly mode: number;
	readonly fname: string;
	/** With --paths. */
	readonly fpath: string;
	readonly seen?: Partial<OpenEvent>;
}

const syscalls = ['open', 'openat', 'openat2'] as const;
const creation = O_RDWR | O_CREAT;
const opens: readonly Open[] = [
	{ call: 'openat', flags: O_RDWR | O_CLOEXEC, mode: 0, fname: file, fpath: file, seen: { flags: 'O_RDWR|O_CLOEXEC' } },
	{ call: 'open', flags: O_RDONLY, mode: 0, fname: 'a file', fpath: file, seen: { flags: 'O_RDONLY' } },
	{ call: 'thread', flags: O_RDONLY, mode: 0, fname: `${dir}/../ig test/./a file`, fpath: file },
	// A mode that the kernel ignores.
	{ call: 'openat', flags: O_RDONLY, mode: 0o777, fname: '/proc/self/../version', fpath: '/proc/version', seen: { mode_raw: 0 } },
	...syscalls.map((call): Open => {
		const fname = `${dir}/made by ${call}`;
		return { call, flags: creation, mode: 0o640, fname, fpath: fname, seen: { flags: 'O_RDWR|O_CREAT', mode: '-rw-r-----' } };
	}),
	...syscalls.map((call): Open => {
		return { call, flags: O_RDONLY, mode: 0, fname: `${dir}/no ${call}`, fpath: '', seen: { error: 'ENOENT', fd: 0 } };
	}),
	{ call: 'openat', flags: O_RDWR | O_TMPFILE, mode: 0o600, fname: dir, fpath: '', seen: { fpath: expect.any(String) } },
	{ call: 'open', flags: O_RDWR, mode: 0, fname: dir, fpath: '', seen: { error: 'EISDIR', fd: 0 } },
	...Array.from({ length: 50 }, (_, i): Open => {
		return { call: 'openat', flags: O_RDONLY, mode: 0, fname: `none-${i}`, fpath: '', seen: { error: 'ENOENT', fd: 0 } };
	}),
];

interface Exec {
	readonly call: 'execve' | 'execveat' | 'thread';
	readonly args: readonly string[];
	readonly error?: string;
	/** Of a script: what comes before its name. */
	readonly interpreter?: readonly string[];
	/** The file that is named, as a full path; default: the first argument. */
	readonly file?: string;
	/** Whether the executable, the named file is on the root mount. */
	readonly rootfs?: readonly [boolean, boolean];
	readonly upper?: boolean;
}

const execs: readonly Exec[] = [
	{ call: 'execve', args: [program, 'one', 'two words', '', 'ünï'] },
	{ call: 'execveat', args: [program, 'x'] },
	{ call: 'thread', args: [program, 'y'] },
	{ call: 'execve', args: ['./igprog'], file: program },
	{ call: 'execve', args: [script, 'arg'], interpreter: ['/bin/sh', '-e'], rootfs: [true, false] },
	{ call: 'execve', args: [upperProgram], rootfs: [true, true], upper: true },
	{ call: 'execve', args: [lowerProgram, 'z'], rootfs: [true, true] },
	{ call: 'execve', args: [`${dir}/none`, 'x'], error: 'ENOENT' },
	{ call: 'execveat', args: [`${dir}/none`, 'y', ''], error: 'ENOENT' },
	{ call: 'thread', args: [broken, 'z'], error: 'ENOEXEC' },
	{ call: 'execve', args: [orphan, 'x'], error: 'ENOENT' },
	{ call: 'execve', args: [dir, 'x'], error: 'EACCES' },
	...Array.from({ length: 8 }, (_, i): Exec => ({ call: 'execve', args: [program, String(i)] })),
];

const RUNS = { open: 0, openPaths: 1, exec: 2, execPaths: 3, openFiltered: 4 } as const;

const plan: TracePlan = {
	prepare,
	// An emulated machine takes longer than operators may on a real one.
	runs: [
		['run', 'trace_open', '--comm', 'opener'],
		['run', 'trace_open', '--comm', 'opener', '--paths'],
		['run', 'trace_exec'],
		['run', 'trace_exec', '--ignore-failed=false', '--paths'],
		// All of it in the kernel, whose verifier must like it.
		['run', 'trace_open', '--stats', '--filter', 'proc.comm==opener,error==ENOENT,fname!=none-3,fd<=0'],
	].map((args) => [...args, '-o', 'json', '-v', '--operator-deadline', '60s']),
	commands: [
		{ file: opener, args: opens.map(({ call, flags, mode, fname }) => [call, flags, mode, fname].join(':')), cwd: dir },
		{ file: execer, args: execs.flatMap(({ call, args }) => ['::', call, ...args]).slice(1), cwd: dir },
	],
	stat: [program, script, upperProgram, lowerProgram, shell, execer],
};

function lines<T>(text: string | undefined): T[] {
	return (text ?? '')
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as T);
}

/** Why a kernel cannot be booted. CI installs all that it takes, so there this is no excuse. */
function missing(version: KernelVersion): string | undefined {
	if (process.env.CI || process.env.IG_CI) return undefined;
	if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) return 'no QEMU; test/vm/setup.sh installs it';
	try {
		ensureKernel(version);
		return undefined;
	} catch (error) {
		return `no kernel ${version}: ${error instanceof Error ? error.message : error}`;
	}
}

const versions = [kernelVersions[0], kernelVersions[kernelVersions.length - 1]] as KernelVersion[];

// One boot of each for all tests, all at the first of them.
const machines = new Map<KernelVersion, Promise<TraceResult>>();
function machine(version: KernelVersion): Promise<TraceResult> | undefined {
	if (machines.size === 0) {
		for (const one of versions) {
			const result = traceInVm(one, plan, VM_TIMEOUT);
			// Its own tests say so.
			result.catch(() => {});
			machines.set(one, result);
		}
	}
	return machines.get(version);
}

describe.each(versions)('kernel %s', (version) => {
	async function traced(context: TestContext): Promise<TraceResult> {
		const reason = missing(version);
		if (reason !== undefined) context.skip(reason);
		const result = await machine(version);
		if (result === undefined) throw new Error(`kernel ${version} was not booted`);
		const { runs } = result;
		const said = runs.map(({ stderr }) => stderr).join('\n');
		expect(
			runs.map(({ code }) => code),
			said,
		).toEqual(runs.map(() => 0));
		return result;
	}

	test('the cheapest hooks that it has are chosen', { timeout: TIMEOUT }, async (context) => {
		const { runs } = await traced(context);
		const hooks = (run: number) =>
			Object.fromEntries(
				[...(runs[run]?.stderr ?? '').matchAll(/^debug: hook (\w+): (.*)$/gm)].map(([, hook, programs]) => [hook, programs]),
			);
		const either = (call: string) => (version === '5.10' ? `ig_${call}_e, ig_${call}_x` : `ig_${call}_exit`);
		expect(hooks(RUNS.open)).toEqual({ open: either('open'), openat: either('openat'), openat2: either('openat2') });
		expect(hooks(RUNS.exec)).toEqual({
			...{ named_file: 'ig_bprm_check', failed_execve: either('execve'), failed_execveat: either('execveat') },
		});
	});

	test.for([
		['', RUNS.open],
		[' --paths', RUNS.openPaths],
	] as const)('trace_open%s shows each open once, with every field right', { timeout: TIMEOUT }, async ([, run], context) => {
		const { pid: parent, mntns, outputs, runs } = await traced(context);
		const calls = lines<Call>(outputs[0]);
		const names = new Set(opens.map(({ fname }) => fname));
		// The opener's own loader opens files, too.
		const events = lines<OpenEvent>(runs[run]?.stdout).filter(({ fname }) => names.has(fname));
		expect(events.map(({ fname }) => fname)).toEqual(opens.map(({ fname }) => fname));
		expect(events).toMatchObject(
			opens.map(({ flags, mode, fname, fpath, seen }, i) => ({
				...{ fname, fpath: run === RUNS.openPaths ? fpath : '', fd: calls[i]?.fd, error: '', flags_raw: flags, mode_raw: mode, ...seen },
				proc: {
					...{ comm: 'opener', pid: calls[i]?.pid, tid: calls[i]?.tid, mntns_id: mntns, creds: { uid: 0, gid: 0 } },
					parent: { comm: 'node', pid: parent },
				},
			})),
		);
	});

	test('a filter is decided in the kernel', { timeout: TIMEOUT }, async (context) => {
		const { runs } = await traced(context);
		const run = runs[RUNS.openFiltered];
		const wanted = opens.filter(({ seen, fname }) => seen?.error === 'ENOENT' && fname !== 'none-3').map(({ fname }) => fname);
		const names = new Set(opens.map(({ fname }) => fname));
		const events = lines<OpenEvent>(run?.stdout).filter(({ fname }) => names.has(fname));
		expect(events.map(({ fname }) => fname)).toEqual(wanted);
		expect(run?.stderr).toMatch(/ filtered (\d+) \(\1 in the kernel\) /);
	});

	function expected(exec: Exec, { pid, tid }: Call, { mntns, files }: TraceResult, paths: boolean): unknown {
		const { args, error = '', interpreter = [], rootfs = [false, false], upper = false } = exec;
		const named = exec.file ?? args[0] ?? '';
		const runs = error !== '' ? execer : exec.interpreter ? shell : named;
		const stat = error === '' ? files[named] : undefined;
		return {
			...{ args: [...interpreter, ...args].join(SEPARATOR), error, pupper_layer: false, pctime: files[execer]?.ctime },
			...(paths
				? { cwd: dir, file: named, exepath: runs, parent_exepath: execer }
				: { cwd: '', file: '', exepath: '', parent_exepath: '' }),
			...(error === '' && {
				...{ from_rootfs: rootfs[0], file_from_rootfs: rootfs[1], upper_layer: upper, fupper_layer: upper, ctime: files[runs]?.ctime },
			}),
			...(stat && named.startsWith(dir) && { inode: stat.inode, dev_major: stat.major, dev_minor: stat.minor, fctime: stat.ctime }),
			proc: {
				...{ comm: error === '' ? basename(named) : 'execer', pid, tid, mntns_id: mntns, creds: { uid: 0, gid: 0 } },
				parent: { comm: 'execer' },
			},
		};
	}

	test.for([
		['', RUNS.exec],
		[' --ignore-failed=false --paths', RUNS.execPaths],
	] as const)('trace_exec%s shows each exec once, with every field right', { timeout: TIMEOUT }, async ([, run], context) => {
		const result = await traced(context);
		const all = run === RUNS.execPaths;
		const calls = lines<Call>(result.outputs[1]);
		const wanted = execs.map((exec, i) => ({ exec, call: calls[i] })).filter(({ exec }) => all || exec.error === undefined);
		const events = lines<ExecEvent>(result.runs[run]?.stdout).filter(({ proc }) => proc.parent.comm === 'execer');
		expect(events.map(({ proc }) => proc.pid)).toEqual(wanted.map(({ call }) => call?.pid));
		expect(events).toMatchObject(wanted.map(({ exec, call }) => call && expected(exec, call, result, all)));
	});
});
