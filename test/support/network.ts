/** A network namespace of a test's own: nothing of the machine's can be seen there, and nothing there is seen by the machine. */
import { execFileSync } from 'node:child_process';

export class Network {
	readonly name: string;
	/** Its inode, as the kernel records it. */
	readonly id: number;

	/** `name`: of which no other running test has one. */
	constructor(name: string) {
		this.name = `${name}-${process.pid}`;
		execFileSync('ip', ['netns', 'add', this.name]);
		this.ip('link', 'set', 'lo', 'up');
		this.id = Number(this.run('stat', '-Lc', '%i', '/proc/self/ns/net'));
	}

	/** `ip ...` in it. */
	ip(...args: readonly string[]): string {
		return execFileSync('ip', ['-n', this.name, ...args], { encoding: 'utf8' });
	}

	/** A command in it; its stdout. */
	run(...command: readonly string[]): string {
		return execFileSync('nsenter', [`--net=/run/netns/${this.name}`, ...command], { encoding: 'utf8' });
	}

	/** Index of an interface. */
	index(name: string): number {
		return Number(/^(\d+):/.exec(this.ip('-o', 'link', 'show', name))?.[1]);
	}

	delete(): void {
		execFileSync('ip', ['netns', 'delete', this.name]);
	}
}
