/** Runs a command on another kernel: the machine's own files, in QEMU. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureKernel, type Kernel, type KernelVersion } from './kernels.js';
import { accelerate, guestFile, virtiofsd } from './machine.js';

export interface VmOptions {
	/** For boot and command together; then the machine is switched off. Default: 120 s. */
	readonly timeoutMs?: number;
	/** Set in the command's environment, besides PATH and HOME. */
	readonly env?: Readonly<Record<string, string>>;
	/** The command's working directory. Default: /. */
	readonly cwd?: string;
	/** Default: 2048. */
	readonly memoryMiB?: number;
}

export interface VmResult {
	readonly stdout: string;
	readonly stderr: string;
	/** Of the command; 128 + signal if one ended it. */
	readonly code: number;
	/** What the kernel and the guest's init said. */
	readonly console: string;
}

const DISK_BYTES = 1 << 20;

function quote(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

function jobScript(command: string, options: VmOptions): string {
	const exports = Object.entries(options.env ?? {}).map(([name, value]) => `export ${name}=${quote(value)}\n`);
	return `${exports.join('')}cd ${quote(options.cwd ?? '/')} || exit 125\n${command}\n`;
}

function start(command: string, args: readonly string[], log: string[]): ChildProcess {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
	child.on('error', (error) => log.push(`${command}: ${error.message} (test/vm/setup.sh installs what is needed)\n`));
	for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
	return child;
}

function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
	return new Promise((resolve) => {
		child.once('exit', () => resolve());
		child.once('error', () => resolve());
	});
}

async function stop(child: ChildProcess): Promise<void> {
	// By the handle of a child that has not been waited for: its id cannot be another process's by now.
	if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
	await ended(child);
}

/** Waits for the daemon's socket: QEMU does not. */
async function socketAppears(path: string, log: readonly string[]): Promise<void> {
	for (let i = 0; i < 500 && !existsSync(path); i++) await sleep(10);
	if (!existsSync(path)) throw new Error(`virtiofsd did not start\n${log.join('')}`);
}

function qemuArgs(kernel: Kernel, folder: string, options: VmOptions): string[] {
	const accelerator = accelerate();
	const memory = options.memoryMiB ?? 2048;
	const share = (tag: string) => [
		'-chardev',
		`socket,id=${tag},path=${join(folder, `${tag}.sock`)}`,
		'-device',
		`vhost-user-fs-pci,chardev=${tag},tag=${tag}`,
	];
	return [
		...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-M', 'q35', '-accel', accelerator],
		// Without cx16: with it 6.12's allocator, whose fast path is a cmpxchg16b, is corrupted within seconds in 3 of 5 boots on QEMU 7.2's TCG.
		// Without erms and fsrm: with them kernel and libc fill and copy pages by rep stosb and movsb, which TCG does byte by byte.
		...['-cpu', accelerator === 'kvm' ? 'host' : 'max,-cx16,-erms,-fsrm', '-smp', '1', '-m', `${memory}M`],
		// virtiofs needs memory that the daemon can map, too.
		...['-object', `memory-backend-memfd,id=mem,size=${memory}M,share=on`, '-numa', 'node,memdev=mem'],
		...share('root'),
		...share('job'),
		// A disk that is all zeros: /dev/vda.
		...['-blockdev', `driver=raw,node-name=disk,file.driver=file,file.filename=${join(folder, 'disk')}`],
		...['-device', 'virtio-blk-pci,drive=disk'],
		...['-serial', `file:${join(folder, 'console')}`, '-kernel', kernel.image, '-initrd', kernel.initrd],
		// A panic ends QEMU, as it may not reboot. lsm: BPF is not in every kernel's default list.
		...['-append', 'console=ttyS0 loglevel=5 softlockup_panic=1 panic=-1 mitigations=off lsm=capability,yama,bpf'],
	];
}

/**
 * Boots a kernel, runs a shell command as root and returns what it said. The guest sees the machine's files, and may write to them
 * without effect on the machine.
 * @throws when the machine does not come up or does not finish in time, with the end of its console
 */
export async function runInVm(version: KernelVersion, command: string, options: VmOptions = {}): Promise<VmResult> {
	const kernel = ensureKernel(version);
	const folder = mkdtempSync(join(tmpdir(), 'ig-vm-'));
	const job = join(folder, 'job');
	const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
	const children: ChildProcess[] = [];
	const log: string[] = [];
	try {
		mkdirSync(job);
		copyFileSync(guestFile('run'), join(job, 'run'));
		writeFileSync(join(folder, 'disk'), Buffer.alloc(DISK_BYTES));
		writeFileSync(join(job, 'command'), jobScript(command, options));
		for (const [tag, shared] of [
			['root', '/'],
			['job', job],
		] as const) {
			const daemon = virtiofsd(join(folder, `${tag}.sock`), shared);
			children.push(start(daemon.command, daemon.args, log));
			await socketAppears(join(folder, `${tag}.sock`), log);
		}
		const qemuLog: string[] = [];
		const qemu = start('qemu-system-x86_64', qemuArgs(kernel, folder, options), qemuLog);
		children.push(qemu);
		const timeoutMs = options.timeoutMs ?? 120_000;
		const timer = new AbortController();
		const late = await Promise.race([ended(qemu).then(() => false), sleep(timeoutMs, true, { signal: timer.signal }).catch(() => true)]);
		timer.abort();
		const console = read(join(folder, 'console'));
		const code = read(join(job, 'code')).trim();
		const output = { stdout: read(join(job, 'stdout')), stderr: read(join(job, 'stderr')) };
		if (code === '') {
			const why = late ? `did not finish in ${timeoutMs} ms` : 'ended without a result';
			throw new Error(
				`VM ${version} ${why}\n${qemuLog.join('')}${console.slice(-8000)}\n--- stdout\n${output.stdout.slice(-2000)}\n--- stderr\n${output.stderr.slice(-2000)}`,
			);
		}
		return { ...output, code: Number(code), console };
	} finally {
		for (const child of children.reverse()) await stop(child);
		rmSync(folder, { recursive: true, force: true });
	}
}
