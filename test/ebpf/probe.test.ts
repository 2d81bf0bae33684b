import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasProgramType, meets } from '../../host/ebpf/probe.js';
import { since } from '../../host/ebpf/since.js';
import { ProgramType } from '../../host/ebpf/programs.js';

describe('what this kernel has', () => {
	it('knows helpers', () => {
		expect(meets('helper:bpf_ringbuf_reserve')).toEqual({ ok: true, reason: '' });
		expect(meets('helper:ringbuf_query').ok).toBe(true);
		expect(meets('helper:bpf_no_such_helper')).toEqual({ ok: false, reason: "no helper is called 'bpf_no_such_helper'" });
	});

	it('knows tracepoints', () => {
		expect(meets('tracepoint:syscalls/sys_exit_openat')).toEqual({ ok: true, reason: '' });
		expect(meets('tracepoint:syscalls/sys_exit_nothing')).toEqual({
			ok: false,
			reason: 'this kernel has no tracepoint syscalls/sys_exit_nothing',
		});
	});

	it('knows BTF tracepoints', () => {
		expect(meets('tp_btf').ok).toBe(true);
		expect(meets('tp_btf:sched_switch').ok).toBe(true);
		expect(meets('tp_btf:no_such_event')).toEqual({ ok: false, reason: "this kernel's BTF has no no_such_event" });
	});

	it('knows kprobes', () => {
		const has = existsSync('/sys/bus/event_source/devices/kprobe');
		expect(meets('kprobe').ok).toBe(has);
		if (has) expect(meets('kprobe:do_sys_openat2').ok).toBe(true);
		expect(meets('kprobe:no_such_function').ok).toBe(false);
	});

	it('has an answer for fentry and LSM, with a reason when it is no', () => {
		for (const need of ['fentry', 'lsm']) {
			const { ok, reason } = meets(need);
			expect(ok).toBe(reason === '');
		}
	});

	it('does not know everything', () => {
		for (const need of ['', 'helper', 'helper:', 'tracepoint:', 'magic', 'constructor', 'toString:x']) {
			expect(meets(need)).toEqual({ ok: false, reason: `'${need}' is not a need that ig knows` });
		}
	});

	it('knows iterators, maps and functions', () => {
		for (const need of ['iter:task', 'map:ringbuf', 'map:hash', 'fexit', 'fmod_ret', 'uprobe']) {
			const { ok, reason } = meets(need);
			expect(ok).toBe(reason === '');
		}
		expect(meets('iter:task').ok).toBe(true);
		expect(meets('map:ringbuf').ok).toBe(true);
		expect(meets('iter:nothing')).toEqual({ ok: false, reason: 'this kernel has no iterator nothing' });
		expect(meets('map:nothing')).toEqual({ ok: false, reason: "no kind of map is called 'nothing'" });
	});

	it('names the version that brought a thing', () => {
		expect(since('helper:bpf_task_pt_regs', '5.10.0-28-amd64')).toBe('; Linux 5.15 has it');
		expect(since('fentry:vfs_read', '5.4.0')).toBe('; Linux 5.5 has it');
		expect(since('helper:bpf_task_pt_regs', '6.1.0')).toBe('');
		expect(since('helper:bpf_something', '5.10.0')).toBe('');
	});

	it('keeps its answers', () => {
		expect(meets('tp_btf')).toBe(meets('tp_btf'));
	});

	it('knows types of programs', () => {
		expect(hasProgramType(ProgramType.Tracepoint)).toBe(true);
		expect(hasProgramType(9999)).toBe(false);
	});
});
