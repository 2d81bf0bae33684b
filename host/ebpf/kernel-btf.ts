/** The kernel's types, for kernels that do not carry them: cut-down files that come with a gadget (`bpftool gen min_core_btf`). */
import { existsSync, readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';

/** Where a kernel shows its own. */
export const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const architectures: Readonly<Record<string, string | undefined>> = { x64: 'x86_64', arm64: 'arm64' };

/** `ID` and `VERSION_ID` of os-release(5). */
function distribution(): { readonly id: string; readonly version: string } | undefined {
	for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
		if (!existsSync(path)) continue;
		const text = readFileSync(path, 'utf8');
		const value = (key: string): string => new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(text)?.[1] ?? '';
		return { id: value('ID'), version: value('VERSION_ID') };
	}
	return undefined;
}

/**
 * The file for this kernel in a gadget's folder, `btf/debian/10/x86_64/4.19.0-21-amd64.btf`; undefined when there is none, or when the kernel
 * has its own types.
 */
export function gadgetBtf(folder: string, own = KERNEL_BTF): string | undefined {
	if (existsSync(own)) return undefined;
	const system = distribution();
	if (system === undefined) return undefined;
	const path = join(folder, 'btf', system.id, system.version, architectures[arch()] ?? arch(), `${release()}.btf`);
	return existsSync(path) ? path : undefined;
}
