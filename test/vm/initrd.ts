/** The initrd: busybox, the drivers that reach the shared folders, and guest/init. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { guestFile, run } from './machine.js';

/** Built into some kernels, modules in others; what comes later may need what comes before. */
export const drivers = [
	'virtio_pci',
	'virtiofs',
	'overlay',
	'virtio_console',
	'virtio_net',
	'virtio_blk',
	'veth',
	'sch_ingress',
	'cls_bpf',
];

/** Files of modules in the order of loading, dependencies first. */
function moduleFiles(base: string, release: string): string[] {
	const files: string[] = [];
	for (const driver of drivers) {
		// Debian's 7.x packages do not list what is built in, so a driver that is not found is taken to be.
		const { stdout } = spawnSync('modprobe', ['-d', base, '-S', release, '--show-depends', driver]);
		for (const line of stdout.toString().split('\n')) {
			const file = /^insmod (\S+)/.exec(line)?.[1];
			if (file !== undefined && !files.includes(file)) files.push(file);
		}
	}
	return files;
}

function decompress(file: string): Buffer {
	if (file.endsWith('.xz')) return run('xz', ['-dc', file]);
	if (file.endsWith('.zst')) return run('zstd', ['-dcq', file]);
	return readFileSync(file);
}

/**
 * @param base folder with lib/modules/`release`
 * @param folder to build in; it must be new
 */
export function buildInitrd(base: string, release: string, folder: string, target: string): void {
	for (const name of ['bin', 'modules', 'proc', 'sys', 'dev']) mkdirSync(join(folder, name), { recursive: true });
	const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
	if (busybox === undefined) throw new Error('no busybox; test/vm/setup.sh installs it');
	cpSync(busybox, join(folder, 'bin', 'busybox'), { dereference: true });
	copyFileSync(guestFile('init'), join(folder, 'init'));
	run('chmod', ['755', join(folder, 'init')]);

	// Debian's packages leave modules.dep to be made when they are installed.
	run('depmod', ['-b', base, release]);
	const names: string[] = [];
	for (const file of moduleFiles(base, release)) {
		const name = basename(file).replace(/\.(xz|zst)$/, '');
		writeFileSync(join(folder, 'modules', name), decompress(file));
		names.push(name);
	}
	writeFileSync(join(folder, 'modules', 'order'), names.map((name) => `${name}\n`).join(''));
	const list = run('find', ['.'], { cwd: folder });
	writeFileSync(target, run('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: folder, input: list }));
}
