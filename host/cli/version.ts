/** `ig --version`. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { built, root } from '../root.js';

export function version(): string {
	const read: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
	const found = typeof read === 'object' && read !== null && 'version' in read ? read.version : undefined;
	return typeof found === 'string' ? found : 'unknown';
}

export const BTF_PATH = '/sys/kernel/btf/vmlinux';

async function libbpfVersion(): Promise<string> {
	if (!existsSync(built('native', 'libig.so'))) return 'not built';
	try {
		const { libbpfVersion: read } = await import('../ebpf/native.js');
		return read();
	} catch (error) {
		return `cannot be loaded: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
	}
}

export async function printVersion(): Promise<void> {
	const lines = [
		`ig ${version()}`,
		`libbpf ${await libbpfVersion()}`,
		`node ${process.versions.node}`,
		`kernel ${release()}`,
		`BTF ${existsSync(BTF_PATH) ? 'present' : `missing (${BTF_PATH})`}`,
	];
	process.stdout.write(`${lines.join('\n')}\n`);
}
