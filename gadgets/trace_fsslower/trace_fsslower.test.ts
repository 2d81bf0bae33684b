import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonLines, linesOf } from '../../test/support/live.js';

interface FileEvent extends Identity {
	readonly delta_us: number;
	readonly offset: number;
	readonly size: number;
	readonly op: string;
	readonly op_raw: number;
	readonly file: string;
}

interface Done {
	readonly pid: number;
	readonly tid: number;
}

const fileops = fixture('fileops');
// A tmpfs on every machine.
const dir = mkdtempSync('/dev/shm/ig-fsslower-');
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'igslowfile');
writeFileSync(file, 'x'.repeat(100));

async function trace(flags: readonly string[], ...operations: string[]): Promise<{ events: FileEvent[]; done: Done[] }> {
	let done: Done[] = [];
	const result = await igDuring(['trace_fsslower', '-o', 'json', '--comm', 'fileops', ...flags], () => {
		done = linesOf<Done>(execFileSync(fileops, [file, ...operations], { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<FileEvent>(result), done };
}

test('each kind of call appears once, with every field right', async () => {
	const operations = ['open', 'read', 'readv', 'preadv2', 'pread', 'preadv', 'write', 'writev', 'pwrite', 'pwritev', 'pwritev2'];
	const { events, done } = await trace(
		['--filesystem', 'tmpfs'],
		...operations,
		'fsync',
		'fdatasync',
		'fstatfs',
		'openat',
		'openat2',
		'creat',
	);
	const transfers = [0, 10, 20, 5, 5].map((offset) => ({ op: 'F_READ', op_raw: 0, offset, size: 10 }));
	const writes = [30, 40, 5, 5, 5].map((offset) => ({ op: 'F_WRITE', op_raw: 1, offset, size: 10 }));
	const opened = { op: 'F_OPEN', op_raw: 2, offset: 0, size: 0 };
	// The whole of the file is 2^63-1 bytes, which JSON numbers of JavaScript round.
	const synced = { op: 'F_FSYNC', op_raw: 3, offset: 0, size: 2 ** 63 };
	expect(events).toMatchObject(
		[opened, ...transfers, ...writes, synced, synced, { op: 'F_STATFS', op_raw: 4, offset: 0, size: 0 }, opened, opened, opened].map(
			(event) => ({
				...{ ...event, file: 'igslowfile', ...identity('fileops', done[0]) },
			}),
		),
	);
	for (const { delta_us, timestamp } of events) {
		expect(delta_us).toBeLessThan(10_000_000);
		expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
	}
});

test('--filesystem shows one type of file system, by the beginning of its name', async () => {
	const files = async (type: string) => new Set((await trace(['--filesystem', type], 'open', 'read')).events.map((event) => event.file));
	expect(await files('tmp')).toEqual(new Set(['igslowfile']));
	expect(await files('tmpfsx')).toEqual(new Set());
	expect((await files('')).has('igslowfile')).toBe(true);
});

test('--min shows slow calls only, with how long they took', async () => {
	const fifo = join(dir, 'igfifo');
	execFileSync('mkfifo', [fifo]);
	const flags = ['--filesystem', 'tmpfs', '--min', '200000', '--comm', 'cat'];
	const result = await igDuring(['trace_fsslower', '-o', 'json', ...flags], async () => {
		// The reader has to wait for this writer to come, and then for its second line.
		const writer = spawn('sh', ['-c', `exec 3<>"${fifo}"; sleep 0.3; echo late >&3; sleep 0.3; echo later >&3`], { stdio: 'ignore' });
		const ended = new Promise((resolve) => writer.on('close', resolve));
		execFileSync('sh', ['-c', `exec <"${fifo}"; exec cat`], { stdio: ['ignore', 'ignore', 'inherit'] });
		await ended;
	});
	const events = jsonLines<FileEvent>(result);
	expect(events.length).toBeGreaterThan(0);
	for (const event of events) {
		expect(event).toMatchObject({ file: 'igfifo', op: 'F_READ' });
		expect(event.delta_us).toBeGreaterThan(200_000);
	}
});

test('a file of an overlay is of the file system underneath, too', async () => {
	const layers = ['lower', 'upper', 'work', 'merged'].map((name) => join(dir, name));
	const [lower, upper, work, merged] = layers;
	const script = `
		mkdir ${layers.join(' ')} && echo below >${lower}/igbelow &&
		mount -t overlay none -o lowerdir=${lower},upperdir=${upper},workdir=${work} ${merged} &&
		exec cat ${merged}/igbelow`;
	const result = await igDuring(['trace_fsslower', '-o', 'json', '--filesystem', 'tmpfs', '--comm', 'cat'], () => {
		execFileSync('unshare', ['-m', 'sh', '-c', script]);
	});
	const events = jsonLines<FileEvent>(result).filter((event) => event.file === 'igbelow');
	expect(events.map(({ op }) => op)).toEqual(expect.arrayContaining(['F_OPEN', 'F_READ']));
});

filtersTest<FileEvent>('trace_fsslower', fileops, [file, 'open', 'read'], () => true);
