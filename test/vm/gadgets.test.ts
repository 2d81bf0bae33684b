/** Both gadgets on other kernels: every known event is found once, with its fields right, by the way of hooking that is meant for that kernel. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { fixture } from '../support/ig.js';
import { ensureKernel, type KernelVersion, kernelVersions } from './kernels.js';
import { type TracePlan, type TraceResult, traceInVm } from './trace.js';

// The machine is switched off after this time; the first run fetches the kernel, too.
const VM_TIMEOUT = 180_000;
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

/** What the openers and execers say about a call. */
interface Call {
	readonly pid: number;
	readonly tid: number;
}

const { O_RDONLY, O_RDWR, O_CREAT } = constants;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE = 0o20200000;

const opener = fixture('opener');
const execer = fixture('execer');
const TRUE = '/bin/true';

// On tmpfs, where inode and device are what stat(2) says, and not on the root mount; and in the upper layer of the overlay that is the root.
const dir = '/dev/shm/ig test';
const upper = '/root/ig-upper';
const program = `${dir}/igprog`;
const upperProgram = `${upper}/igupper`;
const script = `${dir}/igscript`;
const orphan = `${dir}/igorphan`;
const broken = `${dir}/igbroken`;
const file = `${dir}/a file`;

const prepare = `
mkdir -p '${dir}' '${upper}'
echo x >'${file}'
cp ${TRUE} '${program}'
cp ${TRUE} '${upperProgram}'
printf '#!/bin/sh -e\\nexit 0\\n' >'${script}'
printf '#!/nonexistent/interpreter\\n' >'${orphan}'
echo 'not a program' >'${broken}'
chmod +x '${script}' '${orphan}' '${broken}'`;

/** Opens and what is to be seen of them: the caller's side, and with --paths `fpath`. */
const opens = [
	{ call: 'openat', flags: O_RDWR | O_CLOEXEC, mode: 0, fname: file, seen: { flags: 'O_RDWR|O_CLOEXEC', mode_raw: 0, fpath: file } },
	{ call: 'open', flags: O_RDONLY, mode: 0, fname: 'a file', seen: { flags: 'O_RDONLY', mode_raw: 0, fpath: file } },
	...['open', 'openat', 'openat2'].map((call) => {
		const fname = `${dir}/made by ${call}`;
		return { call, flags: O_RDWR | O_CREAT, mode: 0o640, fname, seen: { flags: 'O_RDWR|O_CREAT', mode_raw: 0o640, fpath: fname } };
	}),
	{ call: 'openat', flags: O_RDWR | O_TMPFILE, mode: 0o600, fname: dir, seen: { flags_raw: O_RDWR | O_TMPFILE, mode_raw: 0o600 } },
	{ call: 'thread', flags: O_RDONLY, mode: 0, fname: `${dir}/../ig test/./a file`, seen: { fpath: file } },
	// A mode that the kernel ignores.
	{ call: 'openat', flags: O_RDONLY, mode: 0o777, fname: '/proc/self/../version', seen: { mode_raw: 0, fpath: '/proc/version' } },
	...['open', 'openat', 'openat2'].map((call) => ({
		...{ call, flags: O_RDONLY, mode: 0, fname: `${dir}/no ${call}`, seen: { error: 'ENOENT', fpath: '' } },
	})),
	{ call: 'open', flags: O_RDWR, mode: 0, fname: dir, seen: { error: 'EISDIR', fpath: '' } },
	...Array.from({ length: 200 }, (_, i) => ({ call: 'openat', flags: O_RDONLY, mode: 0, fname: `none-${i}`, seen: { error: 'ENOENT' } })),
] as const;

/** Execs and what is to be seen of them; `seen` is what also needs --paths. */
const execs = [
	{ call: 'execve', args: [program, 'one', 'two words', '', 'ünï'] },
	{ call: 'execveat', args: [program, 'x'] },
	{ call: 'thread', args: [program, 'y'] },
	{ call: 'execve', args: ['./igprog'], file: program },
	{ call: 'execve', args: [script, 'arg'], shown: ['/bin/sh', '-e', script, 'arg'] },
	{ call: 'execve', args: [upperProgram] },
	{ call: 'execve', args: [TRUE, 'z'] },
	{ call: 'execve', args: [`${dir}/none`, 'x'], error: 'ENOENT' },
	{ call: 'execveat', args: [`${dir}/none`, 'y', ''], error: 'ENOENT' },
	{ call: 'thread', args: [broken, 'z'], error: 'ENOEXEC' },
	{ call: 'execve', args: [orphan, 'x'], error: 'ENOENT' },
	{ call: 'execve', args: [dir, 'x'], error: 'EACCES' },
	...Array.from({ length: 20 }, (_, i) => ({ call: 'execve', args: [program, String(i)] })),
];
