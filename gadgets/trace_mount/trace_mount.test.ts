import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ig } from '../../test/support/cli.js';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonLines, linesOf } from '../../test/support/live.js';

interface MountEvent extends Identity {
	readonly delta: string;
	readonly delta_raw: number;
	readonly flags: string;
	readonly flags_raw: number;
	readonly error: string;
	readonly error_raw: number;
	readonly fs: string;
	readonly src: string;
	readonly dest: string;
	readonly data: string;
	readonly op: string;
	readonly op_raw: number;
	readonly call: string;
}

interface Call {
	readonly pid: number;
	readonly tid: number;
	readonly mntns: number;
	readonly result: number;
}

const mounter = fixture('mounter');
const dir = mkdtempSync(join(tmpdir(), 'ig-mount-'));
afterAll(() => {
	rmSync(dir, { recursive: true });
	rmSync(`${dir}.rec`);
});
const [MS_RDONLY, MS_NOSUID, MS_BIND, MNT_DETACH] = [1, 2, 4096, 2];

async function trace(...calls: string[]): Promise<{ events: MountEvent[]; done: Call[] }> {
	let done: Call[] = [];
	const result = await igDuring(['trace_mount', '-o', 'json', '--comm', 'mounter'], () => {
		done = linesOf<Call>(execFileSync(mounter, calls, { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	// The mounter's own: nothing that it mounts is seen by others.
	return { events: jsonLines<MountEvent>(result).filter(({ dest }) => dest !== '/'), done };
}

test('a mount and an unmount appear once, with every field right', async () => {
	const { events, done } = await trace(`mount|source|${dir}|tmpfs|${MS_NOSUID}|size=1m`, `umount|${dir}|${MNT_DETACH}`);
	const [mount, umount] = done as [Call, Call];
	const who = (call: Call) => ({ proc: { ...(identity('mounter', call) as { proc: object }).proc, mntns_id: call.mntns } });
	expect(events).toMatchObject([
		{
			...{ op: 'MOUNT', op_raw: 0, src: 'source', dest: dir, fs: 'tmpfs', data: 'size=1m', error: '', error_raw: 0 },
			...{ flags: 'MS_NOSUID', flags_raw: MS_NOSUID, ...who(mount) },
			call: `mount("source", "${dir}", "tmpfs", MS_NOSUID, "size=1m") = 0`,
		},
		{
			...{ op: 'UMOUNT', op_raw: 1, src: '', dest: dir, fs: '', data: '', error: '', error_raw: 0 },
			...{ flags: 'MNT_DETACH', flags_raw: MNT_DETACH, ...who(umount) },
			call: `umount("${dir}", "MNT_DETACH") = 0`,
		},
	]);
	for (const { delta_raw, delta, timestamp } of events) {
		expect(delta_raw).toBeGreaterThan(0);
		expect(delta).toMatch(/^[\d.]+(ns|µs|ms|s)$/);
		expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
	}
});

test('failed calls have their error', async () => {
	const { events } = await trace(`mount|${dir}/none|${dir}|ext4|${MS_BIND | MS_RDONLY}|`, `umount|${dir}/none|0`);
	expect(events).toMatchObject([
		{
			error: 'ENOENT',
			error_raw: 2,
			flags: 'MS_RDONLY|MS_BIND',
			call: `mount("${dir}/none", "${dir}", "ext4", MS_RDONLY|MS_BIND, "") = 2`,
		},
		{ error: 'ENOENT', error_raw: 2, flags: '', call: `umount("${dir}/none", "") = 2` },
	]);
});

test('a recording is played with the gadget’s operator', async () => {
	const path = `${dir}.rec`;
	const run = await igDuring(['trace_mount', '-o', 'none', '--comm', 'mounter', '--record', path], () => {
		execFileSync(mounter, [`umount|${dir}|0`]);
	});
	expect(run.code).toBe(0);
	const { stdout } = await ig(['replay', path, '-o', 'json', '--filter', `dest==${dir}`]);
	expect(stdout).toContain(`umount(\\"${dir}\\", \\"\\") = 22`);
});

filtersTest<MountEvent>('trace_mount', mounter, [`umount|${dir}|0`], ({ dest }) => dest === dir);
