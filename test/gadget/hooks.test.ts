import { describe, expect, it } from 'vitest';
import { IgError } from '../../host/errors.js';
import { chooseHooks } from '../../host/gadget/hooks.js';

const hooks = {
	openat: [
		{ programs: ['openat_one'], needs: ['helper:bpf_task_pt_regs'] },
		{ programs: ['openat_e', 'openat_x'], needs: [] },
	],
	open: [{ programs: ['open_x'], needs: ['tracepoint:syscalls/sys_exit_open'] }],
};
const answer = (ok: boolean, need: string) => ({ ok, reason: `this kernel has no ${need}` });
const all = (need: string) => answer(true, need);
const none = (need: string) => answer(false, need);
const noHelpers = (need: string) => answer(!need.startsWith('helper:'), need);
const programs = ['openat_one', 'openat_e', 'openat_x', 'open_x', 'always'];

describe('hook alternatives', () => {
	it('takes the first that the kernel has', () => {
		expect([...chooseHooks('g', hooks, programs, all).unused]).toEqual(['openat_e', 'openat_x']);
		const old = chooseHooks('g', hooks, programs, noHelpers);
		expect([...old.unused]).toEqual(['openat_one']);
		expect(old.chosen.get('openat')).toEqual(['openat_e', 'openat_x']);
		expect(old.passedOver.get('openat')).toEqual([{ programs: ['openat_one'], reason: 'this kernel has no helper:bpf_task_pt_regs' }]);
	});

	it('says what the kernel lacks when there is no way', () => {
		const choose = () => chooseHooks('g', hooks, programs, none);
		expect(choose).toThrow(IgError);
		expect(choose).toThrow(/cannot hook 'open'.*has no tracepoint:syscalls\/sys_exit_open/);
	});

	it('may do without a hook', () => {
		const optional = {
			file: [
				{ programs: ['open_x'], needs: ['kprobe'] },
				{ programs: [], needs: [] },
			],
		};
		expect([...chooseHooks('g', optional, programs, none).unused]).toEqual(['open_x']);
	});

	it('refuses programs that do not exist', () => {
		expect(() => chooseHooks('g', hooks, ['always'], all)).toThrow(/names program 'openat_one'/);
	});
});
