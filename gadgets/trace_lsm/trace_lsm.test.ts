import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { meets } from '../../host/ebpf/probe.js';
import { ig } from '../../test/support/cli.js';
import { filtersTest, fixture, igDuring, type Identity, identity, jsonLines, linesOf } from '../../test/support/live.js';

interface LsmEvent extends Identity {
	readonly tracepoint: string;
	readonly tracepoint_raw: number;
}

interface Call {
	readonly pid: number;
	readonly tid: number;
}

const signaler = fixture('signaler');
const hooks = ['--trace-task_kill', '--trace-bprm_committed_creds'];

// Other kernels' machines do the same in test/vm/matrix.test.ts.
if (meets('lsm').ok) {
	test('hooks that are named appear, with every field right, and no others', async () => {
		let done: Call[] = [];
		const result = await igDuring(['trace_lsm', '-o', 'json', '--comm', 'signaler', ...hooks], () => {
			done = linesOf<Call>(execFileSync(signaler, ['kill:10:self'], { encoding: 'utf8' }));
		});
		expect(result.code).toBe(0);
		expect(jsonLines<LsmEvent>(result)).toMatchObject([
			{ tracepoint: 'bprm_committed_creds', tracepoint_raw: 18, ...identity('signaler', done[0]) },
			{ tracepoint: 'task_kill', tracepoint_raw: 112, ...identity('signaler', done[0]) },
		]);
	});

	filtersTest<LsmEvent>('trace_lsm', signaler, ['kill:10:self'], undefined, hooks);
} else {
	test('a kernel without LSM programs is named as the reason', async () => {
		const { code, stderr } = await ig(['run', 'trace_lsm', ...hooks, '--timeout', '1']);
		expect(code).toBe(1);
		expect(stderr).toContain(`error: gadget 'trace_lsm' cannot hook 'ig_lsm_bprm_committed_creds and 1 more' on this kernel: `);
		expect(stderr).toContain(meets('lsm').reason);
	});
}

test('a hook that is not there is no flag', async () => {
	const { code, stderr } = await ig(['run', 'trace_lsm', '--trace-inode_mkdirs']);
	expect(code).toBe(2);
	expect(stderr).toContain('--trace-inode_mkdir');
});
