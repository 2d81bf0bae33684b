/** Attaches a program where its section says (Inspektor Gadget's rules), by whatever kind of link that takes. */
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { IgError } from '../errors.js';
import type { BpfMap } from './maps.js';
import { errnoName, lastErrno, native } from './native.js';
import { interfaceNames, isRaw } from './interfaces.js';
import { findLibraries } from './libraries.js';
import { RAW_LINK } from './packet-filter.js';
import { type BpfProgram, DISABLED, Link, ProgramType } from './programs.js';

/** Keeps something attached until it is closed. May be closed again. */
export interface Attached {
	close(): void;
}

/** How a perf_event program samples each CPU; type and config as in perf_event_open(2). */
export interface Sampling {
	readonly type: number;
	readonly config: number;
	/** Hz */
	readonly frequency: number;
}

export interface AttachOptions {
	/** Interfaces that packet classifiers are put on; all that there are when absent. */
	readonly interfaces?: readonly string[] | undefined;
	/** By a program's name; the CPU clock 49 times a second when absent. */
	readonly sampling?: ReadonlyMap<string, Sampling> | undefined;
	/** Socket maps by the name of the program that serves them. */
	readonly socketMaps?: ReadonlyMap<string, BpfMap> | undefined;
	readonly log?: ((level: 'debug' | 'warn', text: string) => void) | undefined;
}

const DEFAULT_SAMPLING: Sampling = { type: 1, config: 0, frequency: 49 };
/** What a classifier returns for "go on". */
const TC_ACT_UNSPEC = -1;

class Descriptor implements Attached {
	#fd: number;
	constructor(fd: number) {
		this.#fd = fd;
	}
	close(): void {
		if (this.#fd >= 0) native.ig_close(this.#fd);
		this.#fd = -1;
	}
}

function failed(program: BpfProgram, errno: number, doing = ''): IgError {
	const reason = `${doing}${doing === '' ? '' : ': '}${errnoName(errno)}`;
	return new IgError('IG_ATTACH', { program: program.name, section: program.section, reason });
}

function linked(program: BpfProgram, handle: bigint | null): Link {
	if (handle === null) throw failed(program, lastErrno());
	return new Link(handle);
}

/** Inode number of this process's network namespace. */
function ownNetns(): number {
	return statSync('/proc/self/ns/net').ino;
}

/** The program that goes between a packet and a gadget's program, and tells it the network namespace. */
export function dispatcher(program: BpfProgram, fallthrough: number, link = 0): { readonly fd: number; readonly attached: Attached[] } {
	const map = new Int32Array(1);
	const fd = native.ig_dispatcher_load(program.fd, ownNetns(), link, fallthrough, map);
	if (fd < 0) throw failed(program, -fd, 'its dispatcher does not load');
	return { fd, attached: [new Descriptor(fd), new Descriptor(map[0] ?? -1)] };
}

function attachSocket(program: BpfProgram): Attached[] {
	const { fd, attached } = dispatcher(program, 0);
	const socket = native.ig_packet_socket(fd, -1);
	if (socket < 0) {
		for (const one of attached) one.close();
		throw failed(program, -socket, 'a packet socket');
	}
	return [new Descriptor(socket), ...attached];
}

interface TcPlace {
	readonly index: number;
	readonly ingress: number;
	readonly handle: number;
	readonly priority: number;
}

/** Indexes of interfaces whose qdisc was made by this process. */
const qdiscs = new Set<number>();

class TcFilter implements Attached {
	#at: TcPlace | undefined;
	constructor(at: TcPlace) {
		this.#at = at;
	}
	close(): void {
		const at = this.#at;
		this.#at = undefined;
		if (at !== undefined) native.ig_detach_tc(at.index, at.ingress, at.handle, at.priority, qdiscs.has(at.index) ? 1 : 0);
	}
}

/** The way of kernels without tcx. @param fd of a dispatcher @throws IgError IG_ATTACH */
export function attachTc(program: BpfProgram, fd: number, index: number, name: string): Attached {
	const ingress = program.section.startsWith('classifier/ingress') ? 1 : 0;
	const handle = new Uint32Array(1);
	const priority = new Uint32Array(1);
	const created = native.ig_attach_tc(fd, index, ingress, handle, priority);
	if (created < 0) {
		const doing = `interface ${name}${errnoName(-created) === 'ENOENT' ? ' (is there no module sch_ingress or cls_bpf?)' : ''}`;
		throw failed(program, -created, doing);
	}
	if (created === 1) qdiscs.add(index);
	return new TcFilter({ index, ingress, handle: handle[0] ?? 0, priority: priority[0] ?? 0 });
}

function classifyOn(program: BpfProgram, fd: number, name: string): Attached {
	const index = native.if_nametoindex(name);
	if (index === 0) throw new IgError('IG_HOOK_MISSING', { program: program.name, what: 'network interface', target: name });
	const ingress = program.section.startsWith('classifier/ingress') ? 1 : 0;
	const link = native.ig_attach_tcx(fd, index, ingress);
	if (link >= 0) return new Descriptor(link);
	// Before kernel 6.6 there is no tcx.
	return attachTc(program, fd, index, name);
}

function attachClassifier(program: BpfProgram, names: readonly string[]): Attached[] {
	const attached: Attached[] = [];
	try {
		for (const link of [0, RAW_LINK]) {
			const alike = names.filter((name) => (isRaw(name) ? RAW_LINK : 0) === link);
			if (alike.length === 0) continue;
			const { fd, attached: held } = dispatcher(program, TC_ACT_UNSPEC, link);
			attached.push(...held);
			for (const name of alike) attached.unshift(classifyOn(program, fd, name));
		}
		return attached;
	} catch (error) {
		for (const one of attached) one.close();
		throw error;
	}
}

/** Numbers of the CPUs that are running: `0-3,8`. */
export function onlineCpus(text = readFileSync('/sys/devices/system/cpu/online', 'utf8')): number[] {
	return text
		.trim()
		.split(',')
		.flatMap((range) => {
			const [first = 0, last = first] = range.split('-').map(Number);
			return Array.from({ length: last - first + 1 }, (_, i) => first + i);
		});
}

function attachSampler(program: BpfProgram, { type, config, frequency }: Sampling): Attached[] {
	const attached: Attached[] = [];
	try {
		for (const cpu of onlineCpus()) attached.push(linked(program, native.ig_attach_perf(program.handle, type, config, frequency, cpu)));
		return attached;
	} catch (error) {
		for (const one of attached) one.close();
		throw error;
	}
}

/** Files that `libc`, `libc.so.6` or `/bin/bash` stand for. */
function filesOf(program: BpfProgram, file: string): string[] {
	if (!file.startsWith('/')) return findLibraries(file);
	if (existsSync(file)) return [file];
	throw new IgError('IG_HOOK_MISSING', { program: program.name, what: 'file', target: file });
}

/** A place in files: a function (`/bin/bash:readline`, `libc:malloc`), or a marker (`libc:libc:setjmp`). */
function attachFiles(
	program: BpfProgram,
	parts: readonly string[],
	attach: (path: string) => readonly (bigint | null)[],
	log: AttachOptions['log'],
): Attached[] {
	const [file = ''] = parts;
	const what = parts.slice(1).join(':');
	if (file === '' || what === '') {
		throw new IgError('IG_ATTACH', { program: program.name, section: program.section, reason: 'its section is not FILE:FUNCTION' });
	}
	const attached: Attached[] = [];
	const files = filesOf(program, file);
	for (const path of files) {
		const handles = attach(path);
		for (const handle of handles) if (handle !== null) attached.push(new Link(handle));
		if (handles.every((handle) => handle !== null)) continue;
		if (file.startsWith('/') && files.length === 1) {
			for (const link of attached) link.close();
			throw missingSymbol(program, lastErrno(), what, path);
		}
		// Of several versions and architectures, some lack a function.
		log?.('debug', `program ${program.name}: ${path} has no ${what} (${errnoName(lastErrno())})`);
	}
	if (files.length === 0) log?.('debug', `program ${program.name}: this system has no ${file}`);
	return attached;
}

function missingSymbol(program: BpfProgram, errno: number, what: string, path: string): IgError {
	if (errnoName(errno) !== 'ENOENT' && errnoName(errno) !== 'ESRCH') return failed(program, errno, path);
	return new IgError('IG_HOOK_MISSING', { program: program.name, what: 'function', target: `${what} in ${path}` });
}

function attachUprobe(program: BpfProgram, log: AttachOptions['log']): Attached[] {
	const atReturn = program.hook.startsWith('uret') ? 1 : 0;
	const [file = '', symbol = ''] = splitOnce(program.target);
	// `function+0x10`: so many bytes into it.
	const [, name = symbol, offset = '0'] = /^(.*?)\+(0x[\da-f]+|\d+)$/i.exec(symbol) ?? [];
	const attach = (path: string): [bigint | null] => [native.ig_attach_uprobe(program.handle, -1, path, name, Number(offset), 0, atReturn)];
	return attachFiles(program, [file, symbol], attach, log);
}

function splitOnce(text: string): [string, string] {
	const at = text.lastIndexOf(':');
	return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Of one marker in one file. */
const MOST_PLACES = 1024;

function attachUsdt(program: BpfProgram, log: AttachOptions['log']): Attached[] {
	const parts = program.target.split(':');
	const [, provider = '', name = ''] = parts;
	const attach = (path: string): (bigint | null)[] => {
		const link = native.bpf_program__attach_usdt(program.handle, -1, path, provider, name, null);
		// A program that reads its arguments without bpf/usdt.bpf.h: it wants the registers, at each of the marker's places.
		if (link !== null || errnoName(lastErrno()) !== 'ESRCH') return [link];
		const places = new BigUint64Array(2 * MOST_PLACES);
		const count = native.ig_usdt_find(path, provider, name, places, MOST_PLACES);
		const at = (i: number): bigint => places[i] ?? 0n;
		return Array.from({ length: Math.max(1, count) }, (_, i) =>
			// Without a place, what the kernel says about a function of that name: there is none.
			count > 0
				? native.ig_attach_uprobe(program.handle, -1, path, null, at(2 * i), at(2 * i + 1), 0)
				: native.ig_attach_uprobe(program.handle, -1, path, `${provider}:${name}`, 0, 0, 0),
		);
	};
	return attachFiles(program, parts, attach, log);
}

/** The root of cgroup v2, where all of the system's sockets are. Every process is in it, also where only v1 is mounted. */
function openCgroupRoot(program: BpfProgram): number {
	const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
	const path = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1];
	if (path !== undefined) return openSync(path, 'r');
	const fd = native.ig_cgroup2_open();
	if (fd < 0) throw failed(program, -fd, 'cgroup v2 is not mounted, and cannot be');
	return fd;
}

function attachCgroup(program: BpfProgram): Attached[] {
	const fd = openCgroupRoot(program);
	try {
		return [linked(program, native.bpf_program__attach_cgroup(program.handle, fd))];
	} finally {
		closeSync(fd);
	}
}

function attachSocketMap(program: BpfProgram, map: BpfMap | undefined): Attached[] {
	if (map === undefined) {
		const reason = 'nothing says for which socket map it is: GADGET_SK_TARGET_MAP';
		throw new IgError('IG_ATTACH', { program: program.name, section: program.section, reason });
	}
	const { fd, attachType } = program;
	const target = map.fd;
	const result = native.bpf_prog_attach(fd, target, attachType, 0);
	if (result < 0) throw failed(program, -result);
	let open = true;
	const close = (): void => {
		if (open) native.bpf_prog_detach2(fd, target, attachType);
		open = false;
	};
	return [{ close }];
}

/** Gives the kernel a struct of functions, whose programs were loaded. @throws IgError IG_ATTACH */
export function attachStructOps(map: BpfMap): Attached {
	const handle = native.bpf_map__attach_struct_ops(map.handle);
	if (handle !== null) return new Link(handle);
	throw new IgError('IG_ATTACH', { program: map.name, section: '.struct_ops', reason: errnoName(lastErrno()) });
}

/**
 * What holds a loaded program to its hook; empty for one that is disabled, or whose library this system does not have.
 * @throws IgError IG_HOOK_MISSING, IG_NO_TRACEFS, IG_ATTACH
 */
export function attachProgram(program: BpfProgram, options: AttachOptions = {}): Attached[] {
	const { log } = options;
	if (program.target === DISABLED) return [];
	const { hook } = program;
	if (program.isUprobe) return attachUprobe(program, log);
	if (hook === 'usdt') return attachUsdt(program, log);
	if (hook === 'cgroup' || hook === 'cgroup_skb') return attachCgroup(program);
	switch (program.type) {
		case ProgramType.SocketFilter:
			return attachSocket(program);
		case ProgramType.SchedCls:
			return attachClassifier(program, options.interfaces ?? interfaceNames());
		case ProgramType.PerfEvent:
			return attachSampler(program, options.sampling?.get(program.name) ?? DEFAULT_SAMPLING);
		case ProgramType.SockOps:
			return attachCgroup(program);
		case ProgramType.SkSkb:
		case ProgramType.SkMsg:
			return attachSocketMap(program, options.socketMaps?.get(program.name));
		default: {
			const link = program.attach();
			return link === undefined ? [] : [link];
		}
	}
}
