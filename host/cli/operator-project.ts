/** `--wasm-operator FOLDER`: the project of an operator, built when its sources are newer than its module. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { built } from '../root.js';
import type { CommonOptions } from './options.js';
import type { OperatorSpec } from './operator-spec.js';
import type { Log } from './report.js';

const POLL_MS = 200;
/** What has no sources: what tools fetch and make, and recordings. Nor has what begins with a dot. */
const others = new Set(['build', 'Cargo.lock', 'dist', 'node_modules', 'target', 'tests']);
/** A folder with more is not a project, or not one to be looked through five times a second. */
const MOST_FILES = 5000;

/** A module that is made of a folder's sources. */
export interface Project {
	readonly folder: string;
	readonly file: string;
}

/** What can change of a project's sources: path, size, time (ns) of each. */
function sources(folder: string): { readonly path: string; readonly size: bigint; readonly modified: bigint }[] {
	const found: ReturnType<typeof sources> = [];
	const walk = (at: string): void => {
		for (const entry of readdirSync(at, { withFileTypes: true })) {
			const path = join(at, entry.name);
			if (entry.name.startsWith('.') || others.has(entry.name) || found.length >= MOST_FILES) continue;
			if (entry.isDirectory()) walk(path);
			else if (entry.isFile()) {
				const state = statSync(path, { bigint: true, throwIfNoEntry: false });
				if (state !== undefined) found.push({ path, size: state.size, modified: state.mtimeNs });
			}
		}
	};
	walk(folder);
	return found;
}

function isStale({ folder, file }: Project): boolean {
	const module = statSync(file, { bigint: true, throwIfNoEntry: false });
	return module === undefined || sources(folder).some(({ modified }) => modified > module.mtimeNs);
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The options with modules in the place of folders, built if they are stale. What compilers say goes to stderr.
 * @throws IgError IG_OPERATOR_PROJECT, IG_TOOLCHAIN, IG_OPERATOR_BUILD
 */
export async function withProjects(options: CommonOptions, log: Log): Promise<CommonOptions> {
	if (!options.wasmOperators.some(({ file }) => isFolder(file))) return options;
	const { buildProject, moduleOf } = await import('./operator/build.js');
	const modules = new Map<string, string>();
	const moduleIn = (folder: string): string => {
		const file = modules.get(folder) ?? moduleOf(folder);
		if (!modules.has(folder) && isStale({ folder, file })) {
			log('info', `building ${folder} ...`);
			buildProject(folder);
		}
		modules.set(folder, file);
		return file;
	};
	const wasmOperators = options.wasmOperators.map(
		(spec): OperatorSpec => (isFolder(spec.file) ? { ...spec, file: moduleIn(spec.file), folder: spec.file } : spec),
	);
	return { ...options, wasmOperators };
}

const fingerprint = (folder: string): string =>
	sources(folder)
		.map(({ path, size, modified }) => `${path}:${size}:${modified}`)
		.join(' ');

/**
 * Builds the project again, in a process of its own, when its sources have changed; whoever watches its module takes it from there. A source that
 * the compiler refuses changes nothing. It polls, as `FileWatch` does.
 * @returns ends it
 */
export function watchProject({ folder }: Project, log: Log): () => void {
	let taken = fingerprint(folder);
	let before = taken;
	let over = false;
	let timer: NodeJS.Timeout | undefined;
	const look = async (): Promise<void> => {
		const now = isFolder(folder) ? fingerprint(folder) : taken;
		const settled = now === before;
		before = now;
		if (now === taken || !settled) return;
		taken = now;
		const build = spawn(process.execPath, [built('host', 'cli', 'main.js'), 'operator', 'build', folder], {
			stdio: ['ignore', 'ignore', 'inherit'],
		});
		const [code] = (await once(build, 'exit')) as [number | null];
		if (code !== 0) log('warn', `the new sources of ${folder} cannot be built; the build before runs on`);
	};
	const again = (): void => {
		timer = setTimeout(() => void look().finally(() => !over && again()), POLL_MS);
	};
	again();
	return () => {
		over = true;
		clearTimeout(timer);
	};
}
