import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Waiting } from '../../test/fixtures/waiting.js';
import { fixture, type Identity, igDuring, jsonLines, namespaceId } from '../../test/support/live.js';

interface OpenEvent extends Identity {
	readonly fd: number;
	readonly error: string;
	readonly error_raw: number;
	readonly flags: string;
	readonly flags_raw: number;
	readonly mode: string;
	readonly mode_raw: number;
	readonly fname: string;
	readonly fpath: string;
}

interface Done {
	readonly pid: number;
	readonly tid: number;
	readonly fd: number;
}

const opener = fixture('opener');
const dir = mkdtempSync(join(tmpdir(), 'ig-open-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'a file');
writeFileSync(file, 'x');

function open(...calls: string[]): Done[] {
	const out = execFileSync(opener, calls, { encoding: 'utf8' });
	return out
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as Done);
}

/** Traces while the calls are made; the events of the opener that are about our directory. */
async function trace(flags: readonly string[], ...calls: string[]): Promise<{ events: OpenEvent[]; done: Done[] }> {
	let done: Done[] = [];
	const result = await igDuring(['trace_open', '-o', 'json', '--comm', 'opener', ...flags], () => {
		done = open(...calls);
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<OpenEvent>(result).filter(({ fname }) => fname.startsWith(dir)), done };
}

/** Traces a process that exists before the tracing starts, with flags made of its id. */
async function traceWaiting(flags: (pid: string) => string[], calls: readonly string[]): Promise<{ events: OpenEvent[]; pid: number }> {
	const waiting = new Waiting(opener, calls);
	const result = await igDuring(['trace_open', '-o', 'json', ...flags(String(waiting.pid))], () => waiting.proceed());
	return { events: jsonLines<OpenEvent>(result).filter(({ fname }) => fname.startsWith(dir)), pid: waiting.pid };
}

const { O_RDONLY, O_RDWR, O_CREAT, O_CLOEXEC } = constants as typeof constants & { O_CLOEXEC: number };
const cloexec = O_CLOEXEC ?? 0o2000000;

test('an openat appears once, with every field right', async () => {
	const before = Date.now();
	const { events, done } = await trace([], `openat:${O_RDWR | cloexec}:0:${file}`);
	const after = Date.now();
	expect(events).toHaveLength(1);
	const [event] = events as [OpenEvent];
	const [{ pid, fd }] = done as [Done];
	expect(event).toMatchObject({
		...{ fd, error: '', error_raw: 0, flags: 'O_RDWR|O_CLOEXEC', flags_raw: O_RDWR | cloexec, mode_raw: 0, fname: file, fpath: '' },
		proc: {
			...{ comm: 'opener', pid, tid: pid, mntns_id: namespaceId('mnt') },
			creds: { uid: 0, gid: 0, user: 'root', group: 'root' },
			parent: { pid: process.pid },
		},
	});
	expect(Date.parse(event.timestamp)).toBeGreaterThanOrEqual(before - 5);
	expect(Date.parse(event.timestamp)).toBeLessThanOrEqual(after + 5);
	expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)$/);
});

test.each(['open', 'openat', 'openat2'])('%s is seen, with flags and mode of a created file', async (call) => {
	const created = join(dir, `made by ${call}`);
	const { events, done } = await trace([], `${call}:${O_RDWR | O_CREAT}:${0o640}:${created}`);
	expect(events).toHaveLength(1);
	expect(events[0]).toMatchObject({ fd: done[0]?.fd, flags: 'O_RDWR|O_CREAT', mode: '-rw-r-----', mode_raw: 0o640, fname: created });
});

test('a failed open has its error, and fd 0', async () => {
	const { events } = await trace([], `openat:${O_RDONLY}:0:${dir}/none`);
	expect(events).toHaveLength(1);
	expect(events[0]).toMatchObject({ error: 'ENOENT', error_raw: 2 });
});

test('--failed shows failed opens only', async () => {
	const { events } = await trace(['--failed'], `openat:0:0:${file}`, `openat:0:0:${dir}/none`);
	expect(events.map(({ fname }) => fname)).toEqual([`${dir}/none`]);
});

test('--paths resolves the opened file', async () => {
	const { events } = await trace(['--paths'], `openat:0:0:${dir}/../${dir.split('/').at(-1)}/a file`);
	expect(events[0]).toMatchObject({ fpath: file });
});

test('a thread has its own tid', async () => {
	const { events, done } = await trace([], `thread:0:0:${file}`);
	expect(done[0]?.tid).not.toBe(done[0]?.pid);
	expect(events[0]?.proc).toMatchObject({ pid: done[0]?.pid, tid: done[0]?.tid });
});

test('--pid, --uid and --comm filter in the kernel', async () => {
	expect((await trace(['--pid', String(process.pid)], `openat:0:0:${file}`)).events).toEqual([]);
	expect((await trace(['--uid', '12345'], `openat:0:0:${file}`)).events).toEqual([]);
	expect((await trace(['--uid', '0'], `openat:0:0:${file}`)).events).toHaveLength(1);
});

test('--pid and --tid show one process, one thread', async () => {
	const calls = [`openat:0:0:${file}`, `thread:0:0:${dir}/none`];
	const byPid = await traceWaiting((pid) => ['--pid', pid], calls);
	expect(byPid.events.map(({ fname, proc }) => [fname, proc.pid])).toEqual([
		[file, byPid.pid],
		[`${dir}/none`, byPid.pid],
	]);
	const byTid = await traceWaiting((pid) => ['--tid', pid], calls);
	expect(byTid.events.map(({ fname, proc }) => [fname, proc.tid])).toEqual([[file, byTid.pid]]);
});

test('--gid shows one group', async () => {
	const gid = 54321;
	const result = await igDuring(['trace_open', '-o', 'json', '--gid', String(gid)], () => {
		execFileSync(opener, [`openat:0:0:${dir}/as root`]);
		execFileSync(opener, [`openat:0:0:${dir}/as group`], { gid });
	});
	const events = jsonLines<OpenEvent>(result);
	expect(events.filter(({ fname }) => fname.startsWith(dir)).map(({ fname }) => fname)).toEqual([`${dir}/as group`]);
	expect(new Set(events.map(({ proc }) => proc.creds.gid))).toEqual(new Set([gid]));
});

test('a thousand opens are a thousand events, in order', async () => {
	const calls = Array.from({ length: 1000 }, (_, i) => `openat:0:0:${dir}/none-${i}`);
	const { events } = await trace([], ...calls);
	expect(events.map(({ fname }) => fname)).toEqual(calls.map((call) => call.split(':')[3]));
});

test('bytes that are not UTF-8, quotes and control characters make valid JSON', async () => {
	const name = 'q"\\\n\t\x1b[31m€';
	const { events } = await trace([], `openat:0:0:${dir}/${name}`.replace('\n', '\r'));
	expect(events[0]?.fname).toBe(`${dir}/${name}`.replace('\n', '\r'));
});
