import { closeSync, existsSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { igDuring, jsonRows, onceAtEnd } from '../../test/support/live.js';

interface Histogram {
	readonly cmd_flags: number;
	readonly dev: number;
	readonly latency: readonly number[];
}

const dir = mkdtempSync(join(tmpdir(), 'ig-blockio-'));
afterAll(() => rmSync(dir, { recursive: true }));
const device = statSync(dir, { bigint: true }).dev;
const onDisk = existsSync(`/sys/dev/block/${(device >> 8n) & 0xfffn}:${(device & 0xffn) | ((device >> 12n) & 0xfff00n)}`);
const WRITES = 20;

/** Each of them waits for the disk. */
function write(): void {
	const fd = openSync(join(dir, 'file'), 'w');
	for (let i = 0; i < WRITES; i++) {
		writeSync(fd, 'x'.repeat(4096));
		fdatasyncSync(fd);
	}
	closeSync(fd);
}

test.skipIf(!onDisk)('requests are counted by how long they took', async () => {
	const result = await igDuring(['profile_blockio', '-o', 'json', ...onceAtEnd('blockio')], write);
	expect(result.code).toBe(0);
	const rows = jsonRows<Histogram>(result);
	expect(rows).toMatchObject([{ cmd_flags: 0, dev: 0 }]);
	expect(rows[0]?.latency).toHaveLength(27);
	expect(rows[0]?.latency.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(WRITES);
	// No disk answers within a microsecond.
	expect(rows[0]?.latency[0]).toBe(0);
});

test.skipIf(!onDisk)('without -o the distribution is drawn', async () => {
	const { stdout } = await igDuring(['profile_blockio', ...onceAtEnd('blockio')], write);
	expect(stdout).toMatch(/µs +: count +distribution/);
	expect(stdout).toMatch(/\d+ -> \d+ +: [1-9]\d* +\|\*+ *\|/);
});
