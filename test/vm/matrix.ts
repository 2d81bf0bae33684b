/**
 * Every gadget on every kernel: loaded, attached, and with one event that was made for it.
 *
 *     node dist/test/vm/matrix.js --write     boots them all, and writes docs/kernels.md
 */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BpfObject } from '../../host/ebpf/object.js';
import { builtInGadgets, openGadget } from '../../host/gadget/gadget.js';
import { built, root } from '../../host/root.js';
import { fixture } from '../support/fixture.js';
import { type KernelVersion, kernelVersions } from './kernels.js';
import { guestFile } from './machine.js';
import { runInVm } from './vm.js';

interface Case {
	/** Default: only what the command does. */
	readonly flags?: readonly string[];
	/** A shell script, run before. */
	readonly prepare?: string;
	/** While it traces; undefined: of what there is already. */
	readonly command?: string;
	readonly args?: readonly string[];
	/** What one of the events holds, at least: values, patterns of texts, or questions that are answered with true. */
	readonly event: Readonly<Record<string, unknown>>;
}

const opener = realpathSync(fixture('opener'));
const execer = realpathSync(fixture('execer'));
const signaler = realpathSync(fixture('signaler'));
const sockets = realpathSync(fixture('sockets'));
const fileops = realpathSync(fixture('fileops'));
const mounter = realpathSync(fixture('mounter'));
const allocator = realpathSync(fixture('allocator'));
const burner = realpathSync(fixture('burner'));
const connection = ['socket,4,tcp', 'bind,0,127.0.0.1,0', 'listen,0', 'socket,4,tcp', 'connect,1,127.0.0.1,@0', 'accept,0'];

const atEnd = (source: string) => ['--map-fetch-interval', '0', '--annotate', `${source}:ebpf.map.flush-on-stop=true`];

const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);

/** By gadget. */
export const cases: Readonly<Record<string, Case | undefined>> = {
	profile_blockio: {
		// Past the page cache: each read is a request. The disk is the machine's only one.
		...{ flags: atEnd('blockio'), command: '/bin/dd', args: ['if=/dev/vda', 'of=/dev/null', 'bs=4096', 'count=16', 'iflag=direct'] },
		event: { cmd_flags: 0, dev: 0, latency: (counts: unknown) => Array.isArray(counts) && sum(counts) === 16 },
	},
	profile_cpu: {
		// Of the one that is still there at the end.
		prepare: `${burner} user >/dev/null 2>&1 </dev/null &`,
		...{ flags: ['--comm', 'burner', '--collect-ustack', ...atEnd('samples')], command: burner, args: ['once'] },
		event: { kernel_ip: 0, user_stack_raw: { symbols: /^burn_inner; burn_middle; burn_outer; main; / } },
	},
	snapshot_process: { event: { comm: 'node', creds: { user: 'root' } } },
	snapshot_socket: {
		prepare: `(sleep 1000 | ${sockets} socket,4,tcp bind,0,127.0.0.1,4322 listen,0 wait) >/dev/null 2>&1 </dev/null &`,
		event: { src: { addr: '127.0.0.1', port: 4322, proto: 'TCP' }, state: 10 },
	},
	tcpdump: {
		...{ flags: ['--pf', 'udp port 53 and udp[8:2] = 0x6967', '--comm', 'sockets', '--iface', 'lo'], command: sockets },
		...{
			args: ['socket,4,udp', 'connect,0,127.0.0.1,53', 'send,0,ig'],
			event: { packet_type: 0, packet_size: 44, proc: { comm: 'sockets' } },
		},
	},
	top_file: {
		...{ flags: ['--comm', 'fileops', ...atEnd('file')], command: fileops, args: ['/dev/shm/igmatrix2', 'creat', 'write'] },
		event: { file: '/dev/shm/igmatrix2', writes: 1, wbytes_raw: 10 },
	},
	top_tcp: {
		...{ flags: ['--comm', 'sockets', ...atEnd('tcp')], command: sockets, args: [...connection, 'send,1,hello'] },
		event: { sent: '5 B', comm: 'sockets' },
	},
	trace_bind: { command: sockets, args: ['socket,4,tcp', 'bind,0,127.0.0.1,4321'], event: { addr: { addr: '127.0.0.1', port: 4321 } } },
	trace_capabilities: {
		...{ command: '/usr/sbin/chroot', args: ['/', '/bin/true'] },
		event: { cap: 'CAP_SYS_CHROOT', capable: true, syscall: 'SYS_CHROOT' },
	},
	trace_dns: {
		// Nobody answers: the query alone is enough.
		...{ flags: ['--comm', 'sockets'], command: sockets, args: ['socket,4,udp', 'connect,0,127.0.0.1,53', 'query,0'] },
		event: { qr: 'Q', name: 'ig.', qtype: 'A', proc: { comm: 'sockets' } },
	},
	trace_exec: { flags: ['--comm', 'true'], command: execer, args: ['execve', realpathSync('/bin/true'), 'igmatrix'], event: { error: '' } },
	trace_fsslower: {
		...{ flags: ['--comm', 'fileops', '--filesystem', 'tmpfs'], command: fileops, args: ['/dev/shm/igmatrix', 'creat', 'write'] },
		event: { op: 'F_WRITE', file: 'igmatrix', size: 10 },
	},
	// The example in its README.
	trace_lsm: {
		...{ flags: ['--trace-task_kill', '--comm', 'signaler'], command: signaler, args: ['kill:10:self'] },
		event: { tracepoint: 'task_kill', tracepoint_raw: 112, proc: { comm: 'signaler', creds: { uid: 0, user: 'root' } } },
	},
	trace_malloc: { command: allocator, args: [], event: { operation: 'malloc', size: 1234 } },
	trace_mount: { command: mounter, args: ['umount|/nonexistent|2'], event: { call: 'umount("/nonexistent", "MNT_DETACH") = 2' } },
	trace_open: { command: opener, args: ['openat:0:0:/igmatrix'], event: { fname: '/igmatrix', error: 'ENOENT' } },
	trace_signal: {
		flags: ['--comm', 'signaler', '--kill-only'],
		command: signaler,
		args: ['kill:10:self'],
		event: { sig: 'SIGUSR1', error: '' },
	},
	// Makes a key, and signs with it.
	trace_ssl: {
		...{
			command: '/usr/bin/openssl',
			args: ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=ig', '-keyout', '/dev/null', '-out', '/dev/null'],
		},
		event: { proc: { comm: 'openssl' } },
	},
	trace_tcp: { command: sockets, args: [...connection, 'close,1', 'close,2'], event: { type: 'accept', error: '' } },
};

/** How a gadget did on a kernel. */
export interface Cell {
	readonly seen: boolean;
	/** Kinds of the programs that were loaded: `tracepoint`, `fexit` … */
	readonly kinds: readonly string[];
	/** What `ig` said, if it was not well. */
	readonly trouble: string;
}

function holds(value: unknown, part: unknown): boolean {
	if (typeof part === 'function') return part(value) === true;
	if (part instanceof RegExp) return typeof value === 'string' && part.test(value);
	if (part === null || typeof part !== 'object') return isDeepStrictEqual(value, part);
	if (value === null || typeof value !== 'object') return false;
	return Object.entries(part).every(([key, inner]) => holds((value as Record<string, unknown>)[key], inner));
}

/** The kinds of all programs but those of the ways of hooking that were not chosen. */
async function kindsOf(gadget: string, said: string): Promise<string[]> {
	const { object, metadata } = await openGadget(gadget);
	if (object === undefined) return [];
	const chosen = [...said.matchAll(/^debug: hook \w+: (.*)$/gm)].flatMap(([, programs = '']) => programs.split(', '));
	const named = Object.values(metadata.hooks).flatMap((ways) => ways.flatMap(({ programs }) => programs));
	const opened = BpfObject.open(readFileSync(object), { name: gadget });
	const loaded = opened.programs.filter(({ name }) => !named.includes(name) || chosen.includes(name));
	const kinds = loaded.map(
		({ section }) =>
			section
				.split('/', 1)[0]
				?.replace('raw_tracepoint', 'raw_tp')
				.replace(/^socket\d+$/, 'socket') ?? '',
	);
	opened.close();
	return [...new Set(kinds)].sort();
}

interface Run {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Boots the kernel once for all gadgets. */
export async function runMatrix(version: KernelVersion, timeoutMs: number): Promise<Map<string, Cell>> {
	const entries = Object.entries(cases) as [string, Case][];
	const plan = entries.map(
		([gadget, { command, args = [], prepare, flags = command === undefined ? [] : ['--comm', basename(command)] }]) => ({
			// An emulated machine takes longer than operators may on a real one.
			args: [gadget, ...flags, '-o', 'json', '-v', '--operator-deadline', '60s'],
			...{ prepare, command: command === undefined ? undefined : [command, ...args] },
		}),
	);
	const env = { NODE: process.execPath, DRIVER: guestFile('matrix.mjs'), RUN: built('host/cli/run.js'), PLAN: JSON.stringify(plan) };
	const { stdout, stderr, code } = await runInVm(version, '"$NODE" "$DRIVER"', { env, timeoutMs });
	if (code !== 0) throw new Error(`matrix.mjs on ${version} ended with ${code}\n${stdout}\n${stderr}`);
	const runs = JSON.parse(stdout) as Run[];
	const cells = new Map<string, Cell>();
	for (const [i, [gadget, { event }]] of entries.entries()) {
		const { code, stdout, stderr } = runs[i] ?? { code: 1, stdout: '', stderr: '' };
		const lines = stdout.split('\n').filter((line) => line !== '');
		const events = lines.flatMap((line) => JSON.parse(line) as unknown);
		const seen = code === 0 && events.some((one) => holds(one, event));
		cells.set(gadget, { seen, kinds: await kindsOf(gadget, stderr), trouble: seen ? '' : `${stderr}\n${stdout.slice(0, 2000)}` });
	}
	return cells;
}

function page(columns: ReadonlyMap<KernelVersion, ReadonlyMap<string, Cell>>): string {
	const versions = [...columns.keys()];
	const cell = (gadget: string, version: KernelVersion): string => {
		const { seen, kinds } = columns.get(version)?.get(gadget) ?? { seen: false, kinds: [] };
		return seen ? kinds.join(', ') : 'does not work';
	};
	return [
		'# Gadgets and kernels',
		'',
		'Made by `node dist/test/vm/matrix.js --write`: each gadget was loaded, attached and shown an event on each kernel (Debian’s, x86-64). The',
		'table says by which kinds of programs; where a gadget knows several ways, the first that a kernel has is taken.',
		'',
		`| gadget | ${versions.join(' | ')} |`,
		`|---|${versions.map(() => '---|').join('')}`,
		...Object.keys(cases).map((gadget) => `| ${gadget} | ${versions.map((version) => cell(gadget, version)).join(' | ')} |`),
		'',
	].join('\n');
}

/** Gadgets of this installation that have no case. */
export const untested: readonly string[] = builtInGadgets().filter((gadget) => cases[gadget] === undefined);

if (process.argv[1] === built('test/vm/matrix.js') && process.argv.includes('--write')) {
	const columns = new Map<KernelVersion, Map<string, Cell>>();
	for (const version of kernelVersions) {
		const cells = await runMatrix(version, 600_000);
		for (const [gadget, { seen, trouble }] of cells) if (!seen) console.error(`${version} ${gadget}: ${trouble}`);
		columns.set(version, cells);
	}
	writeFileSync(join(root, 'docs/kernels.md'), page(columns));
}
