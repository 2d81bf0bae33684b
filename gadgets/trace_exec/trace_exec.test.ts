import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Waiting } from '../../test/fixtures/waiting.js';
import { fixture, igDuring, jsonLines, namespaceId } from '../../test/support/live.js';

interface ExecEvent {
	readonly timestamp: string;
	readonly proc: { readonly comm: string; readonly pid: number; readonly tid: number; readonly parent: { readonly pid: number } };
	readonly args: string;
	readonly error: string;
	readonly cwd: string;
	readonly exepath: string;
	readonly file: string;
	readonly parent_exepath: string;
	readonly inode: number;
	readonly ctime: number;
}

const SEPARATOR = '\u00a0';
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ig-exec-')));
afterAll(() => rmSync(dir, { recursive: true }));
// A program of our own, so that nothing else on the machine runs it.
const program = join(dir, 'igtestprog');
copyFileSync(realpathSync('/bin/true'), program);
chmodSync(program, 0o755);

async function trace(flags: readonly string[], action: () => void | Promise<void>): Promise<ExecEvent[]> {
	const result = await igDuring(['trace_exec', '-o', 'json', ...flags], action);
	expect(result.code).toBe(0);
	return jsonLines<ExecEvent>(result);
}

test('an exec appears once, with its arguments, paths and identity', async () => {
	let pid = 0;
	const events = await trace(['--paths', '--comm', 'igtestprog'], () => {
		pid = spawnSync(program, ['one', 'two words', '', 'ünï'], { cwd: dir }).pid;
	});
	expect(events).toHaveLength(1);
	const stat = statSync(program, { bigint: true });
	expect(events[0]).toMatchObject({
		...{ args: [program, 'one', 'two words', '', 'ünï'].join(SEPARATOR), error: '', cwd: dir, exepath: program, file: program },
		...{ parent_exepath: realpathSync(process.execPath), inode: Number(stat.ino), ctime: Number(stat.ctimeNs) },
		proc: { comm: 'igtestprog', pid, tid: pid, mntns_id: namespaceId('mnt'), parent: { pid: process.pid } },
	});
});

test('without --paths, paths are empty', async () => {
	const events = await trace(['--comm', 'igtestprog'], () => void spawnSync(program, ['x']));
	expect(events[0]).toMatchObject({ args: `${program}${SEPARATOR}x`, cwd: '', exepath: '', parent_exepath: '' });
});

test('failed execs are shown only when asked for, with their error', async () => {
	const broken = join(dir, 'igbroken');
	writeFileSync(broken, 'not a program');
	chmodSync(broken, 0o755);
	const fail = () => void spawnSync(broken, ['x']);
	const about = (events: ExecEvent[]) => events.filter(({ args }) => args.startsWith(broken));
	expect(about(await trace([], fail))).toEqual([]);
	const shown = about(await trace(['--ignore-failed=false'], fail));
	expect(shown).toHaveLength(1);
	expect(shown[0]).toMatchObject({ error: 'ENOEXEC', args: `${broken}${SEPARATOR}x` });
});

test('a script is shown with the interpreter that the kernel ran', async () => {
	const script = join(dir, 'igscript');
	writeFileSync(script, '#!/bin/sh\nexit 0\n');
	chmodSync(script, 0o755);
	const events = await trace(['--paths', '--comm', 'igscript'], () => void spawnSync(script, ['arg']));
	expect(events).toHaveLength(1);
	expect(events[0]).toMatchObject({ args: ['/bin/sh', script, 'arg'].join(SEPARATOR), file: script, exepath: realpathSync('/bin/sh') });
});

test.each(['--pid', '--tid'])('%s filters in the kernel', async (flag) => {
	const waiting = new Waiting(program, [flag]);
	const events = await trace([flag, String(waiting.pid)], async () => {
		spawnSync(program, ['another']);
		await waiting.proceed();
	});
	expect(events.map(({ args, proc }) => [args, proc.pid])).toEqual([[`${program}${SEPARATOR}${flag}`, waiting.pid]]);
});

test.each(['uid', 'gid'])('--%s filters in the kernel', async (kind) => {
	const id = 54321;
	chmodSync(dir, 0o755);
	const events = await trace([`--${kind}`, String(id)], () => {
		spawnSync(program, ['as root']);
		spawnSync(program, ['as another'], { [kind]: id });
	});
	expect(events.map(({ args }) => args)).toEqual([`${program}${SEPARATOR}as another`]);
});

test('an execve by a second thread has the id that this thread had', async () => {
	let call = { pid: 0, tid: 0 };
	const events = await trace(['--comm', 'igtestprog'], () => {
		call = JSON.parse(spawnSync(fixture('execer'), ['thread', program, 'x'], { encoding: 'utf8' }).stdout);
	});
	expect(call.tid).not.toBe(call.pid);
	expect(events.map(({ args, proc }) => [args, proc.pid, proc.tid])).toEqual([[`${program}${SEPARATOR}x`, call.pid, call.tid]]);
});

test('execveat is seen like execve, when it succeeds and when it fails', async () => {
	const calls = ['execveat', program, 'x', '::', 'execveat', `${dir}/none`, 'y', '', '::', 'execve', `${dir}/none`];
	const execer = fixture('execer');
	const events = await trace(['--ignore-failed=false', '--paths'], () => void spawnSync(execer, calls));
	expect(events.filter(({ file }) => file.startsWith(dir)).map(({ args, error, file }) => [args, error, file])).toEqual([
		[`${program}${SEPARATOR}x`, '', program],
		[`${dir}/none${SEPARATOR}y${SEPARATOR}`, 'ENOENT', `${dir}/none`],
		[`${dir}/none`, 'ENOENT', `${dir}/none`],
	]);
});

test('long arguments are cut, and the record stays whole', async () => {
	const long = 'a'.repeat(20_000);
	const events = await trace(['--comm', 'igtestprog'], () => void spawnSync(program, [long, 'last']));
	expect(events).toHaveLength(1);
	expect(events[0]?.args.startsWith(`${program}${SEPARATOR}aaa`)).toBe(true);
	expect(events[0]?.args.length).toBeLessThanOrEqual(7680);
});

test('fifty execs in a row are fifty events', async () => {
	const pids: number[] = [];
	const events = await trace(['--comm', 'igtestprog'], () => {
		for (let i = 0; i < 50; i++) pids.push(spawnSync(program, [String(i)]).pid);
	});
	expect(events.map(({ proc, args }) => [proc.pid, args])).toEqual(pids.map((pid, i) => [pid, `${program}${SEPARATOR}${i}`]));
});
