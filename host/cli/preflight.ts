/** What must be so before programs can be loaded; what is not is an error that names the cause and the fix. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { ensureTracefs } from '../ebpf/tracefs.js';
import { IgError } from '../errors.js';
import { BTF_PATH } from './version.js';

const OLDEST = [5, 10] as const;
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

/** Root, or a process that was given the capabilities. */
function mayLoad(): boolean {
	try {
		const line = /^CapEff:\s*([\da-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
		const caps = BigInt(`0x${line}`);
		const has = (cap: bigint): boolean => (caps & (1n << cap)) !== 0n;
		return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
	} catch {
		return process.geteuid?.() === 0;
	}
}

export interface PreflightOptions {
	/** The gadget has programs that are attached through tracefs. */
	readonly tracefs: boolean;
	/** Mount tracefs when it is missing. */
	readonly mount: boolean;
}

/** @throws IgError IG_NOT_ROOT, IG_KERNEL_TOO_OLD, IG_NO_BTF, IG_NO_TRACEFS, IG_TRACEFS_MOUNT */
export function preflight(options: PreflightOptions): void {
	if (!mayLoad()) throw new IgError('IG_NOT_ROOT');
	const kernel = release();
	const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
	if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
		throw new IgError('IG_KERNEL_TOO_OLD', { kernel, needed: OLDEST.join('.') });
	}
	if (!existsSync(BTF_PATH)) throw new IgError('IG_NO_BTF', { kernel, path: BTF_PATH });
	if (options.tracefs) ensureTracefs({ autoMount: options.mount });
}
