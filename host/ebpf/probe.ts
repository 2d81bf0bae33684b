/**
 * What the running kernel can do, found out by trying; every answer is kept for the life of the process. Needs are
 * strings, as in gadget.yaml's `hooks`:
 *
 *     helper:bpf_task_pt_regs          a helper, in some kind of tracing or networking program
 *     tracepoint:syscalls/sys_exit_open
 *     kprobe  fentry  tp_btf  lsm      a way to hook; kprobe:tcp_connect, fentry:tcp_connect, tp_btf:sched_switch: that target
 */
import { existsSync, readFileSync } from 'node:fs';
import { errnoName, native } from './native.js';
import { ProgramType } from './programs.js';
import { startLog, takeLog } from './log.js';
import { tracefs } from './tracefs.js';

export interface Answer {
	readonly ok: boolean;
	/** Why not; empty when it is. */
	readonly reason: string;
}

const YES: Answer = { ok: true, reason: '' };
const no = (reason: string): Answer => ({ ok: false, reason });

/** enum bpf_attach_type. */
const AttachType = { TraceRawTp: 23, TraceFentry: 24, LsmMac: 27 } as const;

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

const probes: Readonly<Record<string, (detail: string) => Answer>> = {
	helper,
	tracepoint,
	kprobe,
	// Called only by the kernel's own tests.
	fentry: (name) => attach('fentry', ProgramType.Tracing, AttachType.TraceFentry, name || 'bpf_fentry_test1'),
	tp_btf: (name) => attach('tp_btf', ProgramType.Tracing, AttachType.TraceRawTp, name || 'sched_process_exit'),
	lsm: (name) => attach('LSM', ProgramType.Lsm, AttachType.LsmMac, name || 'sb_umount'),
};

const answers = new Map<string, Answer>();

/** Whether this kernel meets a need of gadget.yaml, and if not, why. */
export function meets(need: string): Answer {
	let answer = answers.get(need);
	if (answer === undefined) {
		const [, kind = '', detail = ''] = /^([^:]*):?(.*)$/.exec(need) ?? [];
		const probe = Object.hasOwn(probes, kind) ? probes[kind] : undefined;
		const wantsDetail = kind === 'helper' || kind === 'tracepoint';
		answer = probe === undefined || (wantsDetail && detail === '') ? no(`'${need}' is not a need that ig knows`) : probe(detail);
		answers.set(need, answer);
	}
	return answer;
}

/** Whether this kernel has a type of program ({@link ProgramType}). */
export function hasProgramType(type: number): boolean {
	return native.libbpf_probe_bpf_prog_type(type, null) === 1;
}
