/** What this host offers to gadgets, found out by trying. */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { native } from '../../ebpf/native.js';
import { type Answer, hasProgramType, meets } from '../../ebpf/probe.js';
import { MapType } from '../../ebpf/maps.js';
import { ProgramType } from '../../ebpf/programs.js';
import { built } from '../../root.js';
import { symbolizerLibrary } from '../symbolizers.js';
import { BTF_PATH } from '../version.js';

export interface Check {
	/** Stable, for programs: `hook.kprobe`. */
	readonly id: string;
	readonly ok: boolean;
	/** Without it no gadget runs. */
	readonly required: boolean;
	/** What was found. */
	readonly detail: string;
	/** What to do about it; empty when there is nothing to do. */
	readonly fix: string;
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'latin1').trim();
	} catch {
		return undefined;
	}
}

function check(id: string, ok: boolean, detail: string, fix = '', required = false): Check {
	return { id, ok, required, detail, fix: ok ? '' : fix };
}

const capabilityBits = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n, CAP_SYS_RESOURCE: 24n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;

function capabilities(): Check {
	const line = /^CapEff:\s*([\da-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0';
	const caps = BigInt(`0x${line}`);
	const have = Object.entries(capabilityBits).filter(([, bit]) => (caps & (1n << bit)) !== 0n);
	const names = have.map(([name]) => name);
	const enough = names.includes('CAP_SYS_ADMIN') || (names.includes('CAP_BPF') && names.includes('CAP_PERFMON'));
	const fix = 'run ig as root (sudo); in a container, privileged or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN';
	return check('capabilities', enough, names.join(', ') || 'none of those that eBPF needs', fix, true);
}

function kernel(): Check {
	const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
	const ok = major > 5 || (major === 5 && minor >= 10);
	return check('kernel', ok, release(), 'use Linux 5.10 or later', true);
}

function btf(): Check {
	const fix = 'use a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 11+, Ubuntu 20.10+, Fedora 31+ have it)';
	return check('btf', existsSync(BTF_PATH), existsSync(BTF_PATH) ? BTF_PATH : `${BTF_PATH} is missing`, fix, true);
}

function tracing(): Check {
	const place = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'].find((path) => existsSync(`${path}/events`));
	return check(
		'tracefs',
		place !== undefined,
		place ?? 'not mounted',
		'mount -t tracefs tracefs /sys/kernel/tracing, or run gadgets with --auto-mount-filesystems',
	);
}

function lockdown(): Check {
	const state = read('/sys/kernel/security/lockdown');
	const mode = /\[(\w+)\]/.exec(state ?? '')?.[1] ?? 'none';
	const fix = 'confidentiality mode forbids eBPF to read kernel memory; boot with lockdown=integrity, or without Secure Boot';
	return check('lockdown', mode !== 'confidentiality', state === undefined ? 'not there' : mode, fix);
}

function jit(): Check {
	const value = read('/proc/sys/net/core/bpf_jit_enable');
	// Kernels that always compile have no interpreter, and some hide the switch.
	const ok = value === undefined || value !== '0';
	return check(
		'jit',
		ok,
		value === undefined ? 'always on' : ok ? 'on' : 'off: programs are interpreted, several times slower',
		'sysctl net.core.bpf_jit_enable=1',
	);
}

function ring(): Check {
	const ok = native.libbpf_probe_bpf_map_type(MapType.RingBuf, null) === 1;
	return check(
		'map.ringbuf',
		ok,
		ok ? 'ring buffers' : 'this kernel refuses ring buffers',
		'use Linux 5.8 or later, and see capabilities above',
		true,
	);
}

const KPROBES =
	'nothing, if the gadgets below can run: they hook tracepoints or functions (fentry) instead; else a kernel with CONFIG_KPROBES=y';

function hooks(): Check[] {
	const by = (id: string, answer: Answer, fix: string): Check => check(`hook.${id}`, answer.ok, answer.ok ? 'works' : answer.reason, fix);
	const program = (id: string, type: number, fix: string): Check => {
		const ok = hasProgramType(type);
		return check(`hook.${id}`, ok, ok ? 'works' : 'this kernel refuses programs of this type', fix);
	};
	const uprobes = existsSync('/sys/bus/event_source/devices/uprobe');
	return [
		program('tracepoint', ProgramType.Tracepoint, 'a kernel with CONFIG_BPF_EVENTS=y'),
		program('raw_tracepoint', ProgramType.RawTracepoint, 'Linux 4.17 or later'),
		by('tp_btf', meets('tp_btf'), 'Linux 5.5 or later, with BTF'),
		by('fentry', meets('fentry'), 'Linux 5.5 or later (arm64: 6.0), with BTF and CONFIG_FUNCTION_TRACER=y'),
		by('kprobe', meets('kprobe'), KPROBES),
		check(
			'hook.uprobe',
			uprobes,
			uprobes ? 'works; USDT too' : 'this kernel was built without uprobes',
			'a kernel with CONFIG_UPROBE_EVENTS=y, for gadgets that look into programs',
		),
		by('lsm', meets('lsm'), 'boot with lsm=...,bpf and CONFIG_BPF_LSM=y'),
		program('perf_event', ProgramType.PerfEvent, 'a kernel with CONFIG_PERF_EVENTS=y'),
		program('socket_filter', ProgramType.SocketFilter, ''),
		program('sched_cls', ProgramType.SchedCls, 'a kernel with CONFIG_NET_CLS_BPF, for tcpdump'),
	];
}

/** Magic number of cgroup2 in statfs(2). */
const CGROUP2 = 0x63677270;

function cgroups(): Check {
	const root = '/sys/fs/cgroup';
	const isUnified = (path: string): boolean => {
		try {
			return statfsSync(path).type === CGROUP2;
		} catch {
			return false;
		}
	};
	const layout = isUnified(root)
		? 'version 2'
		: isUnified(`${root}/unified`)
			? 'hybrid (versions 1 and 2)'
			: existsSync(root) && readdirSync(root).length > 0
				? 'version 1'
				: 'not mounted';
	return check('cgroups', layout !== 'not mounted', layout, 'mount -t cgroup2 cgroup2 /sys/fs/cgroup, to tell containers apart');
}

function symbols(): Check {
	const first = /^([\da-f]+) /m.exec((read('/proc/kallsyms') ?? '').slice(0, 64))?.[1] ?? '';
	const ok = /[1-9a-f]/.test(first);
	return check(
		'kallsyms',
		ok,
		ok ? 'readable' : 'addresses are hidden',
		'sysctl kernel.kptr_restrict=1, and run as root, to name the functions in kernel stacks',
	);
}

function symbolizer(): Check {
	const ok = existsSync(symbolizerLibrary);
	return check(
		'symbolizer',
		ok,
		ok ? 'there' : 'not built',
		'nothing: the first run that needs it builds it, to name the functions in user stacks',
	);
}

/** (module (func (result v128) i32.const 0 i8x16.splat)) */
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]);

function wasm(): Check {
	const module = built('operators', 'builtin.wasm');
	const simd = WebAssembly.validate(SIMD);
	const there = existsSync(module);
	const detail = `V8 ${process.versions.v8}, Node.js ${process.versions.node}${simd ? '' : ', without SIMD'}${there ? '' : `; ${module} is missing`}`;
	return check(
		'wasm',
		simd && there,
		detail,
		there ? 'use Node.js 20.11 or later, on a CPU with SSE4.1' : 'run ./ig from the source tree, which builds it',
		true,
	);
}

export function hostChecks(): Check[] {
	return [
		...[capabilities(), kernel(), btf(), tracing(), lockdown(), jit(), ring()],
		...hooks(),
		...[cgroups(), symbols(), symbolizer(), wasm()],
	];
}
