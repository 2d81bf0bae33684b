/** Loading a component: from the cache or through jco, then checked and bounded like any module. Main thread only. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { IgError } from '../../errors.js';
import { type Bounds, boundModule, measureModule } from '../binary.js';
import { boundsOf, compile } from '../compile.js';
import { type LimitsOf, PAGE } from '../limits.js';
import { type Manifest, parseManifest } from '../manifest.js';
import { oneLine } from '../mistakes.js';
import type { ComponentPlan, LoadedModule } from '../module.js';
import { customSection, MANIFEST_SECTION } from '../section.js';
import { LineLimit } from '../lines.js';
import { Cache } from './cache.js';
import { unsafeName } from './script.js';
import { type Translated, translate } from './translate.js';
import { PACKAGE, VERSION } from './types.js';
import { makePreview2 } from './wasi.js';

const interfaces = ['operator', 'lifecycle', 'tables', 'state'] as const;
const TOOL = '@bytecodealliance/jco-transpile/component';

/** The interfaces of ours among what it exports. @throws IgError IG_OPERATOR_ABI */
function checkWorld({ imports, exports }: Translated, file: string): { name: string; as: string }[] {
	const fail = (reason: string): never => {
		throw new IgError('IG_OPERATOR_ABI', { file, reason });
	};
	const found: { name: string; as: string }[] = [];
	for (const name of exports) {
		const [, owner, as = '', version = ''] = /^([\w-]+:[\w-]+)\/([\w-]+)(?:@([\w.+-]+))?$/.exec(name) ?? [];
		if (owner !== PACKAGE) continue;
		if (!version.startsWith('1.')) {
			fail(
				`it is made for ${PACKAGE}@${version || '?'}, this ig has ${PACKAGE}@${VERSION}: build it with sdk-wit/ of this ig, or use another ig`,
			);
		}
		if (interfaces.some((known) => known === as)) found.push({ name, as });
	}
	if (!found.some(({ as }) => as === 'operator')) {
		const others = exports.filter((name) => name.includes(':')).join(', ') || exports.join(', ') || 'nothing';
		fail(
			`it is a component of another world: it exports ${others}, not ${PACKAGE}/operator@${VERSION}; build it for the world in sdk-wit/operator.wit`,
		);
	}
	const known = new Set([`${PACKAGE}/host`, `${PACKAGE}/types`, ...Object.keys(makePreview2(new LineLimit(() => {})).imports)]);
	const stranger = imports.find((name) => !known.has(name));
	if (stranger !== undefined) {
		fail(
			`it imports ${stranger}, which ig does not have${stranger.startsWith('wasi:') ? ': turn that feature off where it is built' : ''}`,
		);
	}
	return found;
}

/** The manifest of the component, or of a core module in it: that is where a language's own tools put one. */
function manifestOf(component: Uint8Array, { cores }: Translated, file: string): Manifest {
	let section = customSection(component, MANIFEST_SECTION);
	for (const { bytes } of cores) section ??= customSection(bytes, MANIFEST_SECTION);
	return parseManifest(section, file);
}

/**
 * Compiles the core modules with maxima that keep their memories, and their tables, within the bounds together. `checked`: their code has
 * been looked at before.
 * @throws IgError IG_OPERATOR_MEMORY, IG_OPERATOR_ABI; BinaryError, CompileError
 */
async function compileCores(
	{ cores }: Translated,
	file: string,
	bounds: Bounds,
	checked: boolean,
): Promise<Pick<ComponentPlan, 'cores' | 'memory'>> {
	const starts = cores.map(({ bytes }) => {
		const { own, elements } = measureModule(bytes);
		return { pages: own?.initial ?? 0, elements };
	});
	const sum = (key: 'pages' | 'elements'): number => starts.reduce((all, start) => all + start[key], 0);
	if (sum('pages') > bounds.pages) throw new IgError('IG_OPERATOR_MEMORY', { file, pages: sum('pages'), limit: bounds.pages });
	if (sum('elements') > bounds.elements) {
		const reason = `its tables start with ${sum('elements')} elements, the limit is ${bounds.elements}`;
		throw new IgError('IG_OPERATOR_ABI', { file, reason });
	}
	/** What is left, in equal parts for those that have some. */
	const more = (key: 'pages' | 'elements'): number =>
		Math.floor((bounds[key] - sum(key)) / Math.max(1, starts.filter((start) => start[key] > 0).length));
	const [pages, elements] = [more('pages'), more('elements')];
	const compiled = await Promise.all(
		cores.map(async ({ name, bytes }, i) => {
			const own = { pages: (starts[i]?.pages ?? 0) + pages, elements: (starts[i]?.elements ?? 0) + elements, trusted: checked };
			return { name, module: await compile(boundModule(bytes, own).bytes) };
		}),
	);
	return { cores: compiled, memory: sum('pages') * PAGE };
}

/** What takes components apart, with its version: another one may make another script. */
function tool(): string {
	const { resolve } = createRequire(import.meta.url);
	const { name, version } = JSON.parse(readFileSync(join(dirname(resolve(TOOL)), '../package.json'), 'utf8')) as Record<string, string>;
	return `${name}@${version}`;
}

/** @throws IgError IG_OPERATOR_WASM */
async function takeApart(component: Uint8Array, file: string): Promise<Translated> {
	try {
		return await translate(component);
	} catch (cause) {
		const reason = oneLine(`not a component that can be used: ${(cause as Error).message}`);
		throw new IgError('IG_OPERATOR_WASM', { file, reason }, { cause });
	}
}

/** @throws IgError IG_OPERATOR_WASM, IG_OPERATOR_ABI, IG_OPERATOR_MANIFEST, IG_OPERATOR_MEMORY */
export async function loadComponent(component: Uint8Array, file: string, limitsOf: LimitsOf): Promise<LoadedModule> {
	const cache = new Cache(component, tool());
	const kept = await cache.get();
	const translated = kept ?? (await takeApart(component, file));
	const exports = checkWorld(translated, file);
	const manifest = manifestOf(component, translated, file);
	const bounds = boundsOf(manifest, limitsOf);
	try {
		const compiled = await compileCores(translated, file, bounds, kept !== undefined);
		const name = unsafeName(compiled.cores.map(({ module }) => module));
		if (name !== undefined) {
			const reason = `a core module in it has the name ${JSON.stringify(name)}, with characters that ig does not take`;
			throw new IgError('IG_OPERATOR_ABI', { file, reason });
		}
		if (kept === undefined) await cache.put(translated);
		const { script, imports } = translated;
		return { door: 'component', file, script, imports, exports, manifest, ...compiled, maxMemory: bounds.pages * PAGE };
	} catch (cause) {
		if (cause instanceof IgError) throw cause;
		throw new IgError('IG_OPERATOR_WASM', { file, reason: `a core module in it ${(cause as Error).message}` }, { cause });
	}
}
