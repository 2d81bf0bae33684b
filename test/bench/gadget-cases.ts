/** Gadgets beside tools that show the same: what each is run on, and what it should show of it. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Subject } from './live.js';
import { ig, root, type Scratch } from './paths.js';
import { type Reader, which } from './readers.js';
import type { StormResult } from './storm.js';

export interface GadgetCase {
	readonly gadget: string;
	/** What the storm does, for people: so many of these per second. */
	readonly unit: string;
	readonly subject: Subject;
	readonly ours: Reader;
	readonly peers: readonly Reader[];
	/** Tools that show less: measured, but no yardstick. */
	readonly others?: readonly Reader[];
}

type Shape = Pick<Reader, 'events' | 'tally'>;

const times =
	(factor: number) =>
	({ done }: StormResult): number =>
		done * factor;

function ours(gadget: string, shape: Shape, ...flags: readonly string[]): Reader {
	return {
		name: 'ig',
		shown: `ig run ${gadget} -o json ${flags.join(' ')} --output-file FILE`.replace('  ', ' '),
		json: true,
		ownFile: true,
		command: ({ pid, output }) => {
			const own = flags.map((flag) => (flag === 'PID' ? String(pid) : flag));
			return [process.execPath, ig, 'run', gadget, '-o', 'json', ...own, '--output-file', output];
		},
		...shape,
	};
}

function program(name: string, args: readonly string[], shape: Shape): Reader {
	const path = which(name) ?? name;
	return {
		name,
		shown: `${name} ${args.join(' ')}`.trim(),
		json: false,
		ownFile: false,
		command: ({ pid }) => [path, ...args.map((arg) => (arg === 'PID' ? String(pid) : arg))],
		...shape,
	};
}

/** `PID` in the script is the storm's. */
function bpftrace(script: string, shape: Shape, buffer: 'full' | 'line' = 'full'): Reader {
	return {
		name: 'bpftrace',
		shown: `bpftrace -B ${buffer} -e '${script}'`,
		json: false,
		ownFile: false,
		command: ({ pid }) => ['bpftrace', '-B', buffer, '-e', script.replaceAll('PID', String(pid))],
		...shape,
	};
}

function addresses(work: 'tcp' | 'dns'): Subject {
	return { work, prelude: '127.77.0.1', counted: '127.77.0.2' };
}

function traceExec(scratch: Scratch): GadgetCase {
	return {
		gadget: 'trace_exec',
		unit: 'execs',
		subject: { work: 'exec', prelude: scratch.program('prelude.exe'), counted: scratch.program('counted.exe') },
		ours: ours('trace_exec', {}),
		peers: [
			program('execsnoop', ['-T', '-U'], {}),
			bpftrace('tracepoint:syscalls:sys_enter_exec* { printf("%llu %s %d %d %d ", nsecs, comm, pid, uid, gid); join(args->argv); }', {}),
		],
	};
}

const states = {
	connect: 'args->oldstate == 2 && args->newstate == 1',
	close: 'args->oldstate == 1 && (args->newstate == 4 || args->newstate == 7 || args->newstate == 8)',
};

function traceTcp(): GadgetCase {
	const line =
		'printf("%llu %s %d %d %d %s %d %s %d %s\\n", nsecs, comm, pid, uid, gid, ntop(args->saddr), args->sport, ntop(args->daddr), args->dport,';
	return {
		gadget: 'trace_tcp',
		unit: 'connections',
		subject: addresses('tcp'),
		// Connect, accept, and a close of each end.
		ours: ours('trace_tcp', { events: times(4) }, '--pid', 'PID'),
		peers: [
			program('tcptracer', ['-t', '-p', 'PID'], { events: times(4) }),
			// A line for each end, when it is closed.
			program('tcplife', ['-T', '-p', 'PID'], { events: times(2) }),
			bpftrace(
				`tracepoint:sock:inet_sock_set_state /pid == PID && args->protocol == 6/ { if (${states.connect}) { ${line} "connect"); } else if (${states.close}) { ${line} "close"); } ` +
					`else if (args->oldstate == 3 && args->newstate == 1) { ${line} "accept"); } }`,
				{ events: times(4) },
			),
		],
	};
}

const dnsScript =
	'tracepoint:net:net_dev_queue, tracepoint:net:netif_receive_skb /pid == PID/ { $skb = (struct sk_buff *)args->skbaddr; ' +
	'$ip = (struct iphdr *)($skb->head + $skb->network_header); if ($ip->protocol == 17) { ' +
	'$udp = (struct udphdr *)($skb->head + $skb->network_header + 20); if ($udp->source == 0x3500 || $udp->dest == 0x3500) { ' +
	'$dns = (uint8 *)$udp; printf("%llu %s %d %d %s %d %s %d %x %s\\n", nsecs, comm, pid, tid, ntop($ip->saddr), $udp->source, ntop($ip->daddr), $udp->dest, *($dns + 10), str($dns + 20)); } } }';

function traceDns(): GadgetCase {
	return {
		gadget: 'trace_dns',
		unit: 'queries with answer',
		subject: addresses('dns'),
		// Both messages as they go out and as they come in.
		ours: ours('trace_dns', { events: times(4) }, '--pid', 'PID'),
		peers: [bpftrace(dnsScript, { events: times(4) })],
		// On the loopback device it shows them once, and it does not know whose they are.
		others: [program('tcpdump', ['-n', '-i', 'lo', '-s', '1500', 'port 53'], { events: times(2) })],
	};
}

interface FileRow {
	readonly file: string;
	readonly reads: number;
	readonly writes: number;
}

function topFile(scratch: Scratch): GadgetCase {
	const texts = { prelude: `${basename(scratch.folder)}-prelude`, counted: `${basename(scratch.folder)}-counted` };
	const calls = ['read', 'write', 'pread64', 'pwrite64', 'readv', 'writev', 'preadv', 'pwritev', 'preadv2', 'pwritev2'];
	const probes = (when: string): string => calls.map((call) => `tracepoint:syscalls:sys_${when}_${call}`).join(', ');
	// A file's own name, as filetop shows it.
	const script =
		`${probes('enter')} /pid == PID/ { @fd[tid] = args->fd; } ${probes('exit')} /@fd[tid] && args->ret >= 0/ { ` +
		'$file = (struct file *)*(curtask->files->fdt->fd + @fd[tid]); ' +
		'@calls[pid, tid, comm, probe, str($file->f_path.dentry->d_name.name)] = count(); @bytes[pid, tid, comm, probe, str($file->f_path.dentry->d_name.name)] = sum(args->ret); delete(@fd[tid]); } ' +
		'interval:s:1 { print(@calls); clear(@calls); print(@bytes); clear(@bytes); }';
	return {
		gadget: 'top_file',
		unit: 'writes and reads',
		subject: { work: 'file', prelude: scratch.file(texts.prelude), counted: scratch.file(texts.counted), texts },
		ours: ours(
			'top_file',
			{
				events: times(2),
				tally: (line, text) =>
					(JSON.parse(line) as FileRow[])
						.filter(({ file }) => file.includes(text))
						.reduce((sum, { reads, writes }) => sum + reads + writes, 0),
			},
			'--pid',
			'PID',
		),
		peers: [
			program('filetop', ['-C', '-p', 'PID', '1'], {
				events: times(2),
				tally: (line) => Number(line.trim().split(/\s+/)[2]) + Number(line.trim().split(/\s+/)[3]),
			}),
			bpftrace(
				script,
				{ events: times(2), tally: (line) => (line.startsWith('@calls') ? Number(/: (\d+)$/.exec(line)?.[1] ?? 0) : 0) },
				'line',
			),
		],
	};
}

/** Hz of profile_cpu. */
const SAMPLES_PER_SECOND = 49;

interface SampleRow {
	readonly samples: number;
	readonly proc: { readonly comm: string };
}

function profileCpu(): GadgetCase {
	const events = ({ seconds, share }: StormResult): number => Math.round(seconds * share * SAMPLES_PER_SECOND);
	return {
		gadget: 'profile_cpu',
		unit: 'rounds of computing',
		subject: { work: 'cpu', prelude: 'ig-prelude', counted: 'ig-counted' },
		ours: ours(
			'profile_cpu',
			{
				events,
				tally: (line, text) =>
					(JSON.parse(line) as SampleRow[]).filter(({ proc }) => proc.comm === text).reduce((sum, { samples }) => sum + samples, 0),
			},
			'--collect-ustack',
			'--pid',
			'PID',
		),
		peers: [
			bpftrace(
				`profile:hz:${SAMPLES_PER_SECOND} /pid == PID/ { @[kstack, ustack, pid, tid, comm] = count(); } interval:s:1 { print(@); clear(@); }`,
				{ events, tally: (line) => Number(/\]: (\d+)$/.exec(line)?.[1] ?? 0) },
				'line',
			),
		],
	};
}

/** Those whose gadget is there. */
export function gadgetCases(scratch: Scratch): GadgetCase[] {
	const cases = [traceExec(scratch), traceTcp(), traceDns(), topFile(scratch), profileCpu()];
	return cases.filter(({ gadget }) => existsSync(join(root, 'dist/gadgets', gadget)));
}
