import { expect, test } from 'vitest';
import { Waiting } from '../../test/fixtures/waiting.js';
import { ig } from '../../test/support/cli.js';
import { type Identity, jsonLines, namespaceId } from '../../test/support/live.js';

type Process = Identity['proc'];

/** The rows of one snapshot. */
async function snapshot(...flags: string[]): Promise<Process[]> {
	const result = await ig(['run', 'snapshot_process', '-o', 'json', ...flags]);
	expect(result.code).toBe(0);
	const arrays = jsonLines<Process[]>(result);
	expect(arrays).toHaveLength(1);
	return arrays.flat();
}

test('a process appears once, with every field right, and the snapshot ends by itself', async () => {
	const waiting = new Waiting('/bin/true', []);
	const rows = await snapshot('--pid', String(waiting.pid));
	await waiting.proceed();
	expect(rows).toMatchObject([
		{
			...{ comm: 'sh', pid: waiting.pid, tid: waiting.pid, mntns_id: namespaceId('mnt') },
			creds: { uid: 0, gid: 0, user: 'root', group: 'root' },
			parent: { pid: process.pid },
		},
	]);
});

test('without flags all processes are shown, each once', async () => {
	const rows = await snapshot();
	const pids = rows.map(({ pid }) => pid);
	expect(pids).toContain(process.pid);
	expect(new Set(pids).size).toBe(pids.length);
	expect(rows.every(({ pid, tid }) => pid === tid)).toBe(true);
});

test('--threads shows the threads', async () => {
	const rows = await snapshot('--threads', '--pid', String(process.pid));
	expect(rows.length).toBeGreaterThan(1);
	expect(new Set(rows.map(({ tid }) => tid)).size).toBe(rows.length);
	expect(rows.every(({ pid }) => pid === process.pid)).toBe(true);
});

test('--tid, --uid, --gid and --comm filter in the kernel', async () => {
	const waiting = new Waiting('/bin/true', []);
	const pid = String(waiting.pid);
	expect(await snapshot('--tid', pid, '--uid', '0', '--gid', '0', '--comm', 'sh')).toHaveLength(1);
	for (const [flag, value] of Object.entries({ tid: '1', uid: '12345', gid: '12345', comm: 'another' }))
		expect(await snapshot('--pid', pid, `--${flag}`, value)).toEqual([]);
	await waiting.proceed();
});
