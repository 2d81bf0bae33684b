/** tracefs, which tracepoints need. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { IgError } from '../errors.js';

const HOME = '/sys/kernel/tracing';
/** libbpf looks at the second first; the kernel mounts it there by itself when debugfs is used. */
const PLACES = [HOME, '/sys/kernel/debug/tracing'];

function find(): string | undefined {
	return PLACES.find((place) => existsSync(`${place}/events`));
}

/** Where tracefs is mounted. @throws IgError IG_NO_TRACEFS */
export function tracefs(): string {
	const found = find();
	if (found === undefined) throw new IgError('IG_NO_TRACEFS');
	return found;
}

/** The same; mounts it first if that is wanted and needed (upstream's `--auto-mount-filesystems`). */
export function ensureTracefs(options: { readonly autoMount: boolean }): string {
	if (!options.autoMount || find() !== undefined) return tracefs();
	try {
		execFileSync('mount', ['-t', 'tracefs', 'tracefs', HOME], { stdio: ['ignore', 'ignore', 'pipe'] });
	} catch (cause) {
		const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
		throw new IgError('IG_TRACEFS_MOUNT', { path: HOME, reason: said || String(cause) }, { cause });
	}
	return tracefs();
}
