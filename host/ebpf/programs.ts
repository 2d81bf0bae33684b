/** Programs of an eBPF object, and what holds them to their hooks. */
import { existsSync } from 'node:fs';
import { IgError } from '../errors.js';
import type { MaybePointer, Pointer } from './functions.js';
import { errnoName, lastErrno, native } from './native.js';
import type { BpfMap } from './maps.js';
import { tracefs } from './tracefs.js';

/** enum bpf_prog_type, the ones that matter here. */
export const ProgramType = {
	SocketFilter: 1,
	Kprobe: 2,
	SchedCls: 3,
	Tracepoint: 5,
	PerfEvent: 7,
	SockOps: 13,
	SkSkb: 14,
	SkMsg: 16,
	RawTracepoint: 17,
	Tracing: 26,
	StructOps: 27,
	Lsm: 29,
} as const;

/** enum bpf_attach_type. */
const TRACE_UPROBE_MULTI = 48;

/** A section (or an override) with this target: load the program, attach it nowhere. Inspektor Gadget's name. */
export const DISABLED = 'gadget_program_disabled';

/** Sections of Inspektor Gadget's that libbpf does not know. */
const typesOfSections: readonly (readonly [RegExp, number])[] = [
	[/^socket\d*(\/|$)/, ProgramType.SocketFilter],
	[/^classifier\/(in|e)gress(\/|$)/, ProgramType.SchedCls],
	[/^perf_event\//, ProgramType.PerfEvent],
];

/** Keeps a program attached until it is closed. */
export class Link {
	#handle: MaybePointer;

	constructor(handle: Pointer) {
		this.#handle = handle;
	}

	/** Below 0 when it has none. */
	get fd(): number {
		return this.#handle === null ? -1 : native.bpf_link__fd(this.#handle);
	}

	/** Detaches. May be repeated. */
	close(): void {
		const handle = this.#handle;
		this.#handle = null;
		if (handle !== null) native.bpf_link__destroy(handle);
	}

	/** Detaches all at once, which takes as long as one of them. */
	static closeAll(links: readonly Link[]): void {
		const handles = links.map((link) => link.#handle).filter((handle) => handle !== null);
		for (const link of links) link.#handle = null;
		native.ig_links_destroy(BigUint64Array.from(handles), handles.length);
	}
}

/** Valid until the object is closed. */
export class BpfProgram {
	readonly handle: Pointer;
	readonly name: string;
	/** As in the source: `tracepoint/syscalls/sys_enter_openat`. */
	readonly section: string;
	#target: string | undefined;

	constructor(handle: Pointer) {
		this.handle = handle;
		this.name = native.bpf_program__name(handle);
		this.section = native.bpf_program__section_name(handle);
		const type = typesOfSections.find(([pattern]) => pattern.test(this.section))?.[1];
		if (this.type === 0 && type !== undefined) native.bpf_program__set_type(handle, type);
	}

	/** {@link ProgramType}. */
	get type(): number {
		return native.bpf_program__type(this.handle);
	}
	/** enum bpf_attach_type, as its section says. */
	get attachType(): number {
		return native.bpf_program__expected_attach_type(this.handle);
	}
	/** Below 0 until the object is loaded. */
	get fd(): number {
		return native.bpf_program__fd(this.handle);
	}
	get autoload(): boolean {
		return native.bpf_program__autoload(this.handle);
	}
	/** What it is attached to: what follows the type in the section's name, or the override. */
	get target(): string {
		return this.#target ?? this.section.slice(this.hook.length + 1);
	}
	/** The first part of the section's name: `kretprobe`. */
	get hook(): string {
		return this.section.split('/', 1)[0] ?? '';
	}

	/** Before the load: whether the program goes into the kernel at all. */
	setAutoload(autoload: boolean): void {
		native.bpf_program__set_autoload(this.handle, autoload);
	}

	/** Before the load: one of several uprobes that are let go of together, for kernels that can ({@link meets}: uprobe_multi). */
	attachAsUprobeMulti(): void {
		native.bpf_program__set_expected_attach_type(this.handle, TRACE_UPROBE_MULTI);
	}

	/** Before the load: attach it to another function or tracepoint than its section says (`attach_to`). */
	setTarget(target: string): void {
		this.#target = target;
		if (this.type !== ProgramType.Tracing && this.type !== ProgramType.Lsm) return;
		const result = target === DISABLED ? 0 : native.bpf_program__set_attach_target(this.handle, 0, target);
		if (result < 0) throw this.#attachError(-result);
	}

	/**
	 * Attaches it to its target; undefined when it is disabled.
	 * @throws IgError IG_HOOK_MISSING when this kernel has no such target, IG_NO_TRACEFS, IG_ATTACH
	 */
	attach(): Link | undefined {
		if (this.target === DISABLED) return undefined;
		const handle = this.#attach();
		if (handle === null) throw this.#attachError(lastErrno());
		return new Link(handle);
	}

	/** It writes when it is run: its link makes runs (iter/…). */
	get isIterator(): boolean {
		return this.hook === 'iter' || this.hook === 'iter.s';
	}

	/** It is put at a function of a program or library, or at its return. */
	get isUprobe(): boolean {
		return this.hook === 'uprobe' || this.hook === 'uretprobe';
	}

	/** The link of an iterator. @param map what an iter/bpf_map_elem goes through @throws IgError IG_ATTACH */
	attachIterator(map?: BpfMap): Link {
		const handle = native.ig_attach_iter(this.handle, map?.fd ?? -1);
		if (handle === null) throw this.#attachError(lastErrno());
		return new Link(handle);
	}

	/** Runs a loaded program for packets `repeat` times on a packet (BPF_PROG_TEST_RUN): for tests and benchmarks. */
	testRun(repeat: number, packet: Uint8Array = new Uint8Array(64)): { readonly value: number; readonly nanoseconds: number } {
		const nanoseconds = new Uint32Array(1);
		const value = native.ig_program_test_run(this.fd, packet, packet.byteLength, repeat, nanoseconds);
		if (value < 0) throw new IgError('IG_INTERNAL', { reason: `cannot test program ${this.name}: ${errnoName(-value)}` });
		return { value, nanoseconds: nanoseconds[0] ?? 0 };
	}

	#attach(): MaybePointer {
		const { handle, type } = this;
		const target = this.#target;
		if (type === ProgramType.Tracepoint) tracefs();
		if (target === undefined) return native.bpf_program__attach(handle);
		if (type === ProgramType.Tracepoint) {
			const [category = '', name = ''] = target.split('/');
			return native.bpf_program__attach_tracepoint(handle, category, name);
		}
		if (type === ProgramType.RawTracepoint) return native.bpf_program__attach_raw_tracepoint(handle, target);
		if (type === ProgramType.Kprobe) return native.bpf_program__attach_kprobe(handle, this.hook.startsWith('kret'), target);
		return native.bpf_program__attach(handle);
	}

	#attachError(errno: number): IgError {
		const { name: program, target, section } = this;
		const reason = errnoName(errno);
		if (this.type === ProgramType.Tracepoint && !existsSync(`${tracefs()}/events/${target}/id`)) {
			return new IgError('IG_HOOK_MISSING', { program, what: 'tracepoint', target });
		}
		if (this.type === ProgramType.RawTracepoint && reason === 'ENOENT') {
			return new IgError('IG_HOOK_MISSING', { program, what: 'tracepoint', target });
		}
		if (this.type === ProgramType.Kprobe) {
			if (!existsSync('/sys/bus/event_source/devices/kprobe')) {
				return new IgError('IG_ATTACH', { program, section, reason: 'this kernel was built without kprobes' });
			}
			if (reason === 'ENOENT' || reason === 'EADDRNOTAVAIL') return new IgError('IG_HOOK_MISSING', { program, what: 'function', target });
		}
		if (reason === 'ENOTSUP' || reason === 'EOPNOTSUPP')
			return new IgError('IG_ATTACH', { program, section, reason: 'nothing is known about attaching this kind of program' });
		if (reason === 'EPERM' || reason === 'EACCES') {
			if (process.geteuid?.() !== 0) return new IgError('IG_NOT_ROOT');
			return new IgError('IG_ATTACH', { program, section, reason: `${reason}: the kernel does not allow it` });
		}
		return new IgError('IG_ATTACH', { program, section, reason });
	}
}
