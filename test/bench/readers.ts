/** Who is measured: us, and others that show what processes open. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ig, root, tool } from './paths.js';
import type { StormResult } from './storm.js';

export interface Target {
	/** Of the storm: the only process to be watched, where the reader can choose. */
	readonly pid: number;
	/** File for its lines. */
	readonly output: string;
}

export interface Reader {
	readonly name: string;
	/** How it was called, for people. */
	readonly shown: string;
	/** Whether each of its lines is JSON. */
	readonly json: boolean;
	/** It writes to `output` itself, else its stdout goes there. */
	readonly ownFile: boolean;
	command(target: Target): readonly string[];
	/** Events that it should show of what the storm has done; else one each time. */
	readonly events?: (storm: StormResult) => number;
	/** Of a reader that shows sums once a second: how many events a line stands for. */
	readonly tally?: (line: string, text: string) => number;
}

function ours(name: string, ...flags: readonly string[]): Reader {
	return {
		name,
		shown: `ig run trace_open ${flags.join(' ')} --pid PID --output-file FILE`,
		json: flags.includes('json'),
		ownFile: true,
		command: ({ pid, output }) => [
			process.execPath,
			ig,
			'run',
			'trace_open',
			...flags,
			'--stats',
			'--pid',
			String(pid),
			'--output-file',
			output,
		],
	};
}

const bpftraceProgram = (pid: number | string): string =>
	`tracepoint:syscalls:sys_enter_openat /pid == ${pid}/ { @name[tid] = args->filename; @flags[tid] = args->flags; } ` +
	`tracepoint:syscalls:sys_exit_openat /@name[tid]/ { printf("%llu %s %d %d %d %d %d 0x%x %s\\n", nsecs, comm, pid, tid, uid, gid, args->ret, ` +
	`@flags[tid], str(@name[tid])); delete(@name[tid]); delete(@flags[tid]); }`;

export const json = ours('ig json', '-o', 'json');
export const columns = ours('ig columns', '-o', 'columns');
const creaderObject = join(root, 'dist/gadgets/trace_open/program.bpf.o');
export const creader: Reader = {
	name: 'C reader',
	shown: "creader: the same eBPF object, libbpf's ring_buffer, one printf per event, the same JSON",
	json: true,
	ownFile: false,
	command: ({ pid }) => [tool('creader'), creaderObject, String(pid)],
};
/** The path of a program that root can run; sbin is not in everyone's PATH. */
export function which(name: string): string | undefined {
	const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
	return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const opensnoopPath = which('opensnoop');
export const opensnoop: Reader = {
	name: 'opensnoop',
	shown: 'opensnoop -T -U -e -p PID (libbpf-tools)',
	json: false,
	ownFile: false,
	command: ({ pid }) => [opensnoopPath ?? 'opensnoop', '-T', '-U', '-e', '-p', String(pid)],
};
const bpftrace: Reader = {
	name: 'bpftrace',
	shown: `bpftrace -B full -e '${bpftraceProgram('PID')}'`,
	json: false,
	ownFile: false,
	command: ({ pid }) => ['bpftrace', '-B', 'full', '-e', bpftraceProgram(pid)],
};

/** `NAME=COMMAND`: run by sh; {pid} and {output} are replaced. Without {output} its stdout is read. */
export function peer(spec: string): Reader {
	const at = spec.indexOf('=');
	if (at < 1) throw new Error(`--peer ${spec}: NAME=COMMAND is wanted`);
	const line = spec.slice(at + 1);
	return {
		name: spec.slice(0, at),
		shown: line,
		json: false,
		ownFile: line.includes('{output}'),
		command: ({ pid, output }) => ['sh', '-c', `exec ${line.replaceAll('{pid}', String(pid)).replaceAll('{output}', output)}`],
	};
}

export interface Choice {
	readonly readers: readonly Reader[];
	/** What is not there, and why. */
	readonly absent: readonly string[];
}

export function chooseReaders(peers: readonly string[], only: readonly string[] | undefined): Choice {
	const absent: string[] = [];
	const readers: Reader[] = [json, columns, creader];
	if (opensnoopPath !== undefined) readers.push(opensnoop);
	else absent.push('opensnoop: not installed (libbpf-tools)');
	if (which('bpftrace') !== undefined) readers.push(bpftrace);
	else absent.push('bpftrace: not installed');
	readers.push(...peers.map(peer));
	const chosen = only === undefined ? readers : readers.filter(({ name }) => only.includes(name));
	return { readers: chosen, absent };
}

/** Version lines of the tools that ig is measured against, for the page. */
export function versions(): string[] {
	return ['opensnoop', 'bpftrace', 'tcpdump'].flatMap((name) => {
		const path = which(name);
		if (path === undefined) return [];
		const { stdout, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8' });
		return `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n')[0] ?? [];
	});
}
