import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { meets } from '../../host/ebpf/probe.js';
import { filtersTest, type Identity, identity, igDuring, jsonLines } from '../../test/support/live.js';

interface CapEvent extends Identity {
	readonly current_userns: number;
	readonly target_userns: number;
	readonly cap_effective: string;
	readonly cap_effective_raw: number;
	readonly cap: string;
	readonly cap_raw: number;
	readonly capable: boolean;
	readonly audit: number;
	readonly insetid: number;
	readonly syscall: string;
	readonly syscall_raw: number;
	readonly kstack_raw: number;
	readonly kstack: string;
	readonly ustack: { readonly stack_id: number; readonly tgid_level0: number };
}

const dir = mkdtempSync(join(tmpdir(), 'ig-cap-'));
afterAll(() => rmSync(dir, { recursive: true }));
chmodSync(dir, 0o755);
// A program of our own, so that nothing else on the machine runs it.
const program = join(dir, 'igchroot');
copyFileSync('/usr/sbin/chroot', program);
chmodSync(program, 0o755);
const userns = Number(/\d+/.exec(readlinkSync('/proc/self/ns/user'))?.[0]);
/** Only a probe of the function itself sees the options of a check. */
const tellsOptions = meets('fentry:cap_capable').ok || meets('kprobe:cap_capable').ok;

/** The checks of chroot(2), which asks for CAP_SYS_CHROOT. */
async function trace(
	flags: readonly string[],
	runs: readonly { readonly uid?: number }[],
): Promise<{ events: CapEvent[]; pids: number[] }> {
	let pids: number[] = [];
	const result = await igDuring(['trace_capabilities', '-o', 'json', '--comm', 'igchroot', ...flags], () => {
		pids = runs.map((options) => spawnSync(program, ['/', '/bin/true'], options).pid);
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<CapEvent>(result).filter(({ syscall }) => syscall === 'SYS_CHROOT'), pids };
}

test('a check that is passed appears once, with every field right', async () => {
	const { events, pids } = await trace([], [{}]);
	expect(events).toMatchObject([
		{
			...{ cap: 'CAP_SYS_CHROOT', cap_raw: 18, capable: true, syscall_raw: 161, current_userns: userns, target_userns: userns },
			kstack: expect.stringContaining('sys_chroot; '),
			...{
				audit: tellsOptions ? 1 : -1,
				insetid: tellsOptions ? 0 : -1,
				...identity('igchroot', { pid: pids[0] ?? 0, tid: pids[0] ?? 0 }),
			},
		},
	]);
	const [event] = events as [CapEvent];
	expect(event.cap_effective.split('|')).toContain('FLAG_CAP_SYS_CHROOT');
	expect(BigInt(event.cap_effective_raw) & (1n << 18n)).not.toBe(0n);
	expect(event.kstack_raw).not.toBe(0);
	expect(event.ustack).toMatchObject({ stack_id: 0, tgid_level0: 0 });
	expect(Math.abs(Date.parse(event.timestamp) - Date.now())).toBeLessThan(60_000);
});

test('a check that is not passed says so', async () => {
	const { events } = await trace([], [{ uid: 12345 }]);
	expect(events).toMatchObject([
		{ cap: 'CAP_SYS_CHROOT', capable: false, cap_effective: '', cap_effective_raw: 0, proc: { creds: { uid: 12345 } } },
	]);
});

test('--unique shows each capability once', async () => {
	expect((await trace([], [{}, {}])).events).toHaveLength(2);
	expect((await trace(['--unique'], [{}, {}])).events).toHaveLength(1);
});

test('--audit-only keeps what is audited', async () => {
	expect((await trace(['--audit-only'], [{}])).events).toHaveLength(1);
});

test('stacks are taken as asked', async () => {
	const { events, pids } = await trace(['--collect-kstack=false', '--collect-ustack'], [{}]);
	expect(events).toMatchObject([{ kstack_raw: 0, ustack: { tgid_level0: pids[0] } }]);
});

filtersTest<CapEvent>('trace_capabilities', program, ['/', '/bin/true'], ({ cap }) => cap === 'CAP_SYS_CHROOT');
