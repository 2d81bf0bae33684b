import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ig } from '../../test/support/cli.js';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonRows, linesOf, onceAtEnd } from '../../test/support/live.js';

interface FileRow extends Identity {
	readonly inode: number;
	readonly dev: number;
	readonly reads: number;
	readonly rbytes: string;
	readonly rbytes_raw: number;
	readonly writes: number;
	readonly wbytes: string;
	readonly wbytes_raw: number;
	readonly file: string;
	readonly t: string;
	readonly t_raw: number;
}

interface Done {
	readonly pid: number;
	readonly tid: number;
}

const fileops = fixture('fileops');
const dir = mkdtempSync('/dev/shm/ig-topfile-');
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'igtopfile');
writeFileSync(file, 'x'.repeat(100));

async function trace(flags: readonly string[], ...operations: string[]): Promise<{ rows: FileRow[]; done: Done[] }> {
	let done: Done[] = [];
	const result = await igDuring(['top_file', '-o', 'json', '--comm', 'fileops', ...onceAtEnd('file'), ...flags], () => {
		done = linesOf<Done>(execFileSync(fileops, [file, ...operations], { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { rows: jsonRows<FileRow>(result), done };
}

test('reads and writes of a file are counted, with every field right', async () => {
	const operations = ['read', 'readv', 'pread', 'preadv', 'preadv2', 'write', 'writev', 'pwrite', 'pwritev', 'pwritev2'];
	const { rows, done } = await trace([], 'open', ...operations);
	const { ino, dev } = statSync(file);
	expect(rows.filter((row) => row.file === file)).toMatchObject([
		{
			...{ inode: ino, dev, t: 'R', t_raw: 0, ...identity('fileops', done[0]) },
			...{ reads: 5, rbytes: '50 B', rbytes_raw: 50, writes: 5, wbytes: '50 B', wbytes_raw: 50 },
		},
	]);
});

test('--all-files shows what is no regular file, too', async () => {
	const zeros = () => void execFileSync('head', ['-c', '10', '/dev/zero']);
	const flags = ['-o', 'json', '--comm', 'head', ...onceAtEnd('file')];
	const files = async (...more: string[]) => jsonRows<FileRow>(await igDuring(['top_file', ...flags, ...more], zeros));
	expect((await files()).filter((row) => row.t !== 'R')).toEqual([]);
	const all = await files('--all-files');
	expect(all.find((row) => row.file === '/dev/zero')).toMatchObject({ t: 'O', t_raw: 2, reads: 1 });
	// What is read by this process goes through a socket.
	expect(all.find((row) => row.t === 'S')).toMatchObject({ t_raw: 1, writes: 1, wbytes_raw: 10 });
});

test('counts are shown at each interval, and begin anew', async () => {
	const running = new Ig(['run', 'top_file', '-o', 'json', '--comm', 'fileops', '--map-fetch-interval', '100ms', '-v']);
	await running.until('running...');
	for (const times of [1, 2]) {
		execFileSync(fileops, [file, 'open', 'write']);
		await running.until(new RegExp(`(igtopfile[^]*){${times}}`), 'stdout');
	}
	running.signal('SIGINT');
	const rows = jsonRows<FileRow>(await running.done).filter((row) => row.file === file);
	expect(rows.map(({ writes }) => writes)).toEqual([1, 1]);
});

filtersTest<FileRow>('top_file', fileops, [file, 'open', 'write'], (row) => row.file === file, onceAtEnd('file'));
