/**
 * What the running kernel can do, found out by trying; every answer is kept for the life of the process. Needs are
 * strings, as in gadget.yaml's `hooks`:
 *
 *     helper:bpf_task_pt_regs          a helper, in some kind of tracing or networking program
 *     tracepoint:syscalls/sys_exit_open
 *     kprobe  fentry  fexit  fmod_ret  tp_btf  lsm  uprobe  uprobe_multi
 *                                      a way to hook; kprobe:tcp_connect, fentry:tcp_connect, tp_btf:sched_switch: that target
 *     iter:task  map:ringbuf  kfunc:bpf_task_from_pid  cgroup2
 *                                      a kind of iterator, a kind of map, a function that programs may call, cgroup v2
 */
import { existsSync, readFileSync } from 'node:fs';
import { errnoName, native } from './native.js';
import { ProgramType } from './programs.js';
import { startLog, takeLog } from './log.js';
import { since } from './since.js';
import { tracefs } from './tracefs.js';

export interface Answer {
	readonly ok: boolean;
	/** Why not; empty when it is. */
	readonly reason: string;
}

const YES: Answer = { ok: true, reason: '' };
const no = (reason: string): Answer => ({ ok: false, reason });

/** enum bpf_attach_type. */
const AttachType = { TraceRawTp: 23, TraceFentry: 24, TraceFexit: 25, ModifyReturn: 26, LsmMac: 27, TraceIter: 28 } as const;

/** Program types in which a helper is looked for, the likely ones first. */
const HELPER_USERS = [
	ProgramType.Tracepoint,
	ProgramType.Kprobe,
	ProgramType.RawTracepoint,
	ProgramType.SchedCls,
	ProgramType.SocketFilter,
	ProgramType.PerfEvent,
];

function helper(name: string): Answer {
	const id = native.ig_helper_id(name.startsWith('bpf_') ? name : `bpf_${name}`);
	if (id < 0) return no(`no helper is called '${name}'`);
	for (const type of HELPER_USERS) {
		const result = native.libbpf_probe_bpf_helper(type, id, null);
		if (result === 1) return YES;
		if (result === -1) return no('eBPF needs root');
	}
	return no(`this kernel has no helper ${name}`);
}

function tracepoint(name: string): Answer {
	try {
		return existsSync(`${tracefs()}/events/${name}/id`) ? YES : no(`this kernel has no tracepoint ${name}`);
	} catch {
		return no('tracefs is not mounted');
	}
}

function kprobe(name: string): Answer {
	if (!existsSync('/sys/bus/event_source/devices/kprobe')) return no('this kernel was built without kprobes');
	if (name === '') return YES;
	const symbol = new RegExp(`^[0-9a-f]+ [tTwW] ${name.replaceAll(/[^\w.]/g, '')}$`, 'm');
	return symbol.test(readFileSync('/proc/kallsyms', 'latin1')) ? YES : no(`this kernel has no function ${name}`);
}

function attach(what: string, programType: number, attachType: number, target: string): Answer {
	startLog();
	const result = native.ig_probe_attach(programType, attachType, target);
	takeLog();
	if (result >= 0) return YES;
	const errno = errnoName(-result);
	if (errno === 'ENOENT' || errno === 'ESRCH') return no(`this kernel's BTF has no ${target}`);
	return no(`this kernel refuses ${what} programs (${errno})`);
}

/** enum bpf_map_type by the names that gadgets' sources have, in lower case. */
const MAPS = [
	...[
		'unspec',
		'hash',
		'array',
		'prog_array',
		'perf_event_array',
		'percpu_hash',
		'percpu_array',
		'stack_trace',
		'cgroup_array',
		'lru_hash',
	],
	...[
		'lru_percpu_hash',
		'lpm_trie',
		'array_of_maps',
		'hash_of_maps',
		'devmap',
		'sockmap',
		'cpumap',
		'xskmap',
		'sockhash',
		'cgroup_storage',
	],
	...[
		'reuseport_sockarray',
		'percpu_cgroup_storage',
		'queue',
		'stack',
		'sk_storage',
		'devmap_hash',
		'struct_ops',
		'ringbuf',
		'inode_storage',
	],
	...['task_storage', 'bloom_filter', 'user_ringbuf', 'cgrp_storage', 'arena'],
];

function map(name: string): Answer {
	const type = MAPS.indexOf(name);
	if (type < 1) return no(`no kind of map is called '${name}'`);
	return native.libbpf_probe_bpf_map_type(type, null) === 1 ? YES : no(`this kernel has no ${name} maps`);
}

function uprobe(): Answer {
	return existsSync('/sys/bus/event_source/devices/uprobe') ? YES : no('this kernel was built without uprobes');
}

function uprobeMulti(): Answer {
	return native.ig_probe_uprobe_multi() === 0 ? YES : no('this kernel has no links for many uprobes');
}

/** A name in the kernel's BTF. */
function inBtf(name: string, attachType: number, what: string): Answer {
	startLog();
	const id = native.libbpf_find_vmlinux_btf_id(name, attachType);
	takeLog();
	return id > 0 ? YES : no(`this kernel has no ${what} ${name}`);
}

function cgroup2(): Answer {
	const mounted = readFileSync('/proc/self/mounts', 'utf8')
		.split('\n')
		.some((line) => line.split(' ')[2] === 'cgroup2');
	// It is mounted when it is needed.
	return mounted || /\bcgroup2$/m.test(readFileSync('/proc/filesystems', 'utf8')) ? YES : no('this kernel has no cgroup v2');
}

/** Where a kernel says which security modules run; not every machine has it mounted. */
const LSM_LIST = '/sys/kernel/security/lsm';

function lsm(hook: string): Answer {
	// Programs load and attach all the same when BPF is not among the modules that run, but nothing calls them.
	const running = existsSync(LSM_LIST) ? readFileSync(LSM_LIST, 'utf8').trim() : '';
	if (running !== '' && !running.split(',').includes('bpf')) {
		return no(`BPF is not among this kernel's security modules (${running}); boot with lsm=${running},bpf`);
	}
	// The function that the hook calls is what BTF knows.
	if (hook !== '' && !inBtf(hook, AttachType.LsmMac, 'LSM hook').ok) return no(`this kernel has no LSM hook ${hook}`);
	return attach('LSM', ProgramType.Lsm, AttachType.LsmMac, hook || 'sb_umount');
}

const probes: Readonly<Record<string, (detail: string) => Answer>> = {
	helper,
	tracepoint,
	kprobe,
	// Called only by the kernel's own tests.
	fentry: (name) => attach('fentry', ProgramType.Tracing, AttachType.TraceFentry, name || 'bpf_fentry_test1'),
	fexit: (name) => attach('fexit', ProgramType.Tracing, AttachType.TraceFexit, name || 'bpf_fentry_test1'),
	fmod_ret: (name) => attach('fmod_ret', ProgramType.Tracing, AttachType.ModifyReturn, name || 'bpf_modify_return_test'),
	uprobe,
	uprobe_multi: uprobeMulti,
	map,
	iter: (name) => inBtf(name, AttachType.TraceIter, 'iterator'),
	kfunc: (name) => inBtf(name, AttachType.TraceFentry, 'function'),
	cgroup2,
	tp_btf: (name) => attach('tp_btf', ProgramType.Tracing, AttachType.TraceRawTp, name || 'sched_process_exit'),
	lsm,
};

/** With the version that brought what an older kernel lacks. */
function dated(need: string, answer: Answer): Answer {
	return answer.ok ? answer : no(answer.reason + since(need));
}

const answers = new Map<string, Answer>();

/** Whether this kernel meets a need of gadget.yaml, and if not, why. */
export function meets(need: string): Answer {
	let answer = answers.get(need);
	if (answer === undefined) {
		const [, kind = '', detail = ''] = /^([^:]*):?(.*)$/.exec(need) ?? [];
		const probe = Object.hasOwn(probes, kind) ? probes[kind] : undefined;
		const wantsDetail = ['helper', 'tracepoint', 'map', 'iter', 'kfunc'].includes(kind);
		answer =
			probe === undefined || (wantsDetail && detail === '') ? no(`'${need}' is not a need that ig knows`) : dated(need, probe(detail));
		answers.set(need, answer);
	}
	return answer;
}

/** Whether this kernel has a type of program ({@link ProgramType}). */
export function hasProgramType(type: number): boolean {
	return native.libbpf_probe_bpf_prog_type(type, null) === 1;
}
