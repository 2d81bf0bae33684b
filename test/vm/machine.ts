/** What this machine offers for booting another kernel. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../host/root.js';

/** Files of the test that are used as they are. */
export function guestFile(name: string): string {
	return join(root, 'test', 'vm', 'guest', name);
}

/** Where kernels are kept between runs. */
export function cacheFolder(): string {
	return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ig', 'kernels');
}

/** Arguments that share `folder` on a socket: there are two daemons of that name with options of their own. */
export function virtiofsd(socket: string, folder: string): { command: string; args: string[] } {
	// The C daemon, in Debian 12's qemu-system-common.
	if (existsSync('/usr/lib/qemu/virtiofsd')) {
		return {
			command: '/usr/lib/qemu/virtiofsd',
			args: [`--socket-path=${socket}`, '-o', `source=${folder}`, '-o', 'sandbox=chroot', '-o', 'cache=auto'],
		};
	}
	return {
		command: '/usr/libexec/virtiofsd',
		args: [`--socket-path=${socket}`, `--shared-dir=${folder}`, '--sandbox=chroot', '--cache=auto'],
	};
}

let accelerator: string | undefined;

/**
 * KVM where it really works, else TCG. That /dev/kvm exists and opens is not enough: a virtual machine may have the node without the
 * hardware's support, so a machine without anything in it is started.
 */
export function accelerate(): string {
	if (accelerator === undefined) {
		const quit = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';
		const args = ['-accel', 'kvm', '-cpu', 'host', '-M', 'q35', '-S', '-nodefaults', '-display', 'none', '-qmp', 'stdio'];
		const works =
			existsSync('/dev/kvm') && spawnSync('qemu-system-x86_64', args, { input: quit, timeout: 5000, killSignal: 'SIGKILL' }).status === 0;
		accelerator = works ? 'kvm' : 'tcg';
	}
	return accelerator;
}

/** Runs a program to its end and returns its standard output. @throws with what it said when it fails */
export function run(command: string, args: readonly string[], options: { cwd?: string; input?: Buffer | string } = {}): Buffer {
	const result = spawnSync(command, args, { ...options, maxBuffer: 1 << 30 });
	if (result.error !== undefined) throw new Error(`${command}: ${result.error.message} (test/vm/setup.sh installs what is needed)`);
	if (result.status !== 0)
		throw new Error(`${command} ${args.join(' ')}: exit code ${result.status}\n${result.stderr.toString().slice(-2000)}`);
	return result.stdout;
}
