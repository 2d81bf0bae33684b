/** Kernels that gadgets are tested on, from Debian's packages, kept between runs. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildInitrd, drivers } from './initrd.js';
import { cacheFolder, guestFile } from './machine.js';
import { PackageSource } from './packages.js';

/** The oldest that is supported, three long-term ones, and the newest. */
export const kernelVersions = ['5.10', '6.1', '6.12', '7.2'] as const;
export type KernelVersion = (typeof kernelVersions)[number];

const suites: Readonly<Record<KernelVersion, string>> = { '5.10': 'bullseye-security', '6.1': 'bookworm', '6.12': 'trixie', '7.2': 'sid' };

/** A kernel that is ready to boot. */
export interface Kernel {
	/** As `uname -r` says it. */
	readonly release: string;
	readonly image: string;
	readonly initrd: string;
}

export function isKernelVersion(text: string): text is KernelVersion {
	return (kernelVersions as readonly string[]).includes(text);
}

/** What the cached files depend on besides Debian's packages. */
function recipe(): string {
	return `${drivers.join(' ')}\n${readFileSync(guestFile('init'), 'utf8')}`;
}

function cached(folder: string): Kernel | undefined {
	const release = join(folder, 'release');
	if (!existsSync(release) || readFileSync(join(folder, 'recipe'), 'utf8') !== recipe()) return undefined;
	return { release: readFileSync(release, 'utf8'), image: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
}

/** The only folder in lib/modules, and the folder that lib is in: / or, since Debian 13, /usr. */
function modulesIn(unpacked: string): { base: string; release: string } {
	for (const base of [join(unpacked, 'usr'), unpacked]) {
		const folder = join(base, 'lib', 'modules');
		const release = existsSync(folder) ? readdirSync(folder)[0] : undefined;
		if (release !== undefined) return { base, release };
	}
	throw new Error(`no lib/modules in ${unpacked}`);
}

/** Since 7.x Debian splits the image from its modules. */
function fetchPackages(version: KernelVersion, work: string, unpacked: string): void {
	const source = new PackageSource(join(work, 'apt'), suites[version]);
	const image = source.names(new RegExp(`^linux-image-${version.replace('.', '\\.')}\\.[^-]*(-\\d+)?-cloud-amd64$`)).at(-1);
	if (image === undefined) throw new Error(`Debian ${suites[version]} has no cloud kernel ${version} any more`);
	source.unpack([image, ...source.depends(image).filter((name) => /^linux-(binary|modules)-/.test(name))], unpacked);
}

/** The kernel, fetched at its first use: about 10 s and 20 to 35 MB each. */
export function ensureKernel(version: KernelVersion): Kernel {
	const folder = join(cacheFolder(), version);
	const ready = cached(folder);
	if (ready !== undefined) return ready;
	mkdirSync(cacheFolder(), { recursive: true });
	const work = mkdtempSync(join(cacheFolder(), `${version}-`));
	try {
		const unpacked = join(work, 'unpacked');
		mkdirSync(unpacked);
		fetchPackages(version, work, unpacked);
		const { base, release } = modulesIn(unpacked);
		const image = [join(unpacked, 'boot', `vmlinuz-${release}`), join(base, 'lib', 'modules', release, 'vmlinuz')].find((path) =>
			existsSync(path),
		);
		if (image === undefined) throw new Error(`no vmlinuz in Debian's packages of ${release}`);
		const made = join(work, 'made');
		mkdirSync(made);
		copyFileSync(image, join(made, 'vmlinuz'));
		buildInitrd(base, release, join(work, 'initrd'), join(made, 'initrd'));
		writeFileSync(join(made, 'recipe'), recipe());
		writeFileSync(join(made, 'release'), release);
		// Another run may have been as fast: either folder will do.
		rmSync(folder, { recursive: true, force: true });
		renameSync(made, folder);
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
	const kernel = cached(folder);
	if (kernel === undefined) throw new Error(`kernel ${version} vanished from ${folder}`);
	return kernel;
}
