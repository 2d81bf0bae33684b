/** What the numbers were measured on. Nothing that names the machine. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Cpus } from './live.js';
import { scratchParent } from './paths.js';

export function describeMachine(): string[] {
	const distribution = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
	const virtual = /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'));
	return [
		`${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}${virtual ? ', virtual machine' : ''}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
		`Linux ${release()}, ${distribution}, Node.js ${process.versions.node}`,
		`Output goes to a file ${scratchParent === '/dev/shm' ? 'in memory (tmpfs)' : 'in the temporary directory, which may be a disk'}`,
	];
}

/** The storm and its reader each have a CPU; the benchmark itself runs on the reader's, or on one of its own where there is one. */
export function chooseCpus(): Cpus {
	const count = availableParallelism();
	return { storm: count > 1 ? 1 : 0, reader: 0 };
}

/** The load by others in the last minute, of all CPUs: timings are only as good as the machine is quiet. */
export function load(): string {
	return readFileSync('/proc/loadavg', 'latin1').split(' ')[0] ?? '?';
}
