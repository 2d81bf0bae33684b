/**
 * The built-in operators' module. It is ours, so its manifest is taken as it is: checking it as a stranger's
 * (`operator/manifest.ts`) would cost every start 100 ms, the time that zod takes to load.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { IgError } from '../errors.js';
import { boundModule } from '../operator/binary.js';
import { defaultLimits, PAGE } from '../operator/limits.js';
import type { LoadedCore } from '../operator/module.js';
import type { Manifest, OperatorManifest } from '../operator/manifest.js';
import { built } from '../root.js';

/** What its messages begin with. */
export const BUILTIN_NAME = 'ig';
/** 64 KiB pages: 256 MiB, enough for the largest batches. */
const MAX_PAGES = 4096;

function manifestOf(module: WebAssembly.Module, file: string): Manifest {
	const section = WebAssembly.Module.customSections(module, 'ig.manifest')[0];
	if (section === undefined) throw new IgError('IG_NOT_BUILT', { path: `the manifest of ${file}` });
	const { operators } = JSON.parse(new TextDecoder().decode(section)) as { operators: (Partial<OperatorManifest> & { name: string })[] };
	return {
		operators: operators.map((operator) => ({
			...{
				version: '0.0.0',
				description: '',
				kind: 'filter',
				adds: [],
				tables: [],
				capabilities: [],
				onError: 'pass',
				memoryPages: MAX_PAGES,
			},
			...operator,
			...(operator.params && { params: operator.params.map((param) => ({ ...param, required: param.required ?? false })) }),
		})),
	};
}

/** A module that is ours. `name`: what its messages begin with. @throws IgError IG_NOT_BUILT when its manifest is missing */
export async function loadOwn(file: string, name: string): Promise<LoadedCore> {
	const { bytes, imported } = boundModule(await readFile(file), { pages: MAX_PAGES, elements: defaultLimits.elements, trusted: true });
	const module = await WebAssembly.compile(bytes);
	const maximum = imported && Math.max(imported.initial, Math.min(MAX_PAGES, imported.maximum ?? MAX_PAGES));
	return {
		door: 'core',
		module,
		file: name,
		maxMemory: MAX_PAGES * PAGE,
		manifest: manifestOf(module, file),
		...(imported && { memory: { initial: imported.initial, maximum: maximum ?? MAX_PAGES } }),
	};
}

/** Starts at once, so that it goes on while programs are loaded. @throws IgError IG_NOT_BUILT */
export function loadBuiltin(): Promise<LoadedCore> {
	const file = built('operators', 'builtin.wasm');
	if (!existsSync(file)) throw new IgError('IG_NOT_BUILT', { path: file });
	const loading = loadOwn(file, BUILTIN_NAME);
	// Whoever awaits it hears of a failure; nobody may be waiting yet.
	loading.catch(() => {});
	return loading;
}
