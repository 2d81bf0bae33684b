/** Runs `ig` on another kernel while known things happen there. */
import { join } from 'node:path';
import { root } from '../../host/root.js';
import type { KernelVersion } from './kernels.js';
import { guestFile } from './machine.js';
import { runInVm } from './vm.js';

export interface TracePlan {
	/** A shell script, run first. */
	readonly prepare: string;
	/** Arguments of each `ig`. They run at the same time, and need `-v`. */
	readonly runs: readonly (readonly string[])[];
	/** What they are to see. */
	readonly commands: readonly { readonly file: string; readonly args: readonly string[]; readonly cwd: string }[];
	/** Files to describe. */
	readonly stat: readonly string[];
}

export interface TraceResult {
	/** Of the parent of all commands. */
	readonly pid: number;
	readonly mntns: number;
	readonly files: Readonly<
		Record<string, { readonly inode: number; readonly major: number; readonly minor: number; readonly ctime: number } | undefined>
	>;
	/** What each command wrote. */
	readonly outputs: readonly string[];
	readonly runs: readonly { readonly code: number | null; readonly stdout: string; readonly stderr: string }[];
}

export async function traceInVm(version: KernelVersion, plan: TracePlan, timeoutMs: number): Promise<TraceResult> {
	const env = {
		NODE: process.execPath,
		DRIVER: guestFile('trace.mjs'),
		IG: join(root, 'dist/host/cli/main.js'),
		PLAN: JSON.stringify(plan),
	};
	const { stdout, stderr, code } = await runInVm(version, '"$NODE" "$DRIVER"', { env, timeoutMs });
	if (code !== 0) throw new Error(`trace.mjs on ${version} ended with ${code}\n${stderr}`);
	return JSON.parse(stdout) as TraceResult;
}
