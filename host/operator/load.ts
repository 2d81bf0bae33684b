/** Loading an operator's file: what it is, whether it follows the ABI, its manifest, its memory. Main thread only. */
import { open } from 'node:fs/promises';
import { IgError } from '../errors.js';
import { ABI_MARKER, abiExports } from './abi.js';
import { type Bounded, type Bounds, boundModule } from './binary.js';
import { boundsOf, compile } from './compile.js';
import { importNames } from './imports.js';
import { defaultLimits, type LimitsOf, MOST_MODULE_BYTES, PAGE } from './limits.js';
import { type Manifest, parseManifest } from './manifest.js';
import { anotherKind, HOW_TO_EXPORT, notWasm, oneLine, unreadable } from './mistakes.js';
import type { CorePlan, LoadedCore, LoadedModule } from './module.js';
import { BinaryError } from './reader.js';
import { customSection, isComponent, isWasm, MANIFEST_SECTION } from './section.js';
import { WASI_MODULE, wasiNames } from './wasi/preview1.js';

/** @returns its door. @throws IgError IG_OPERATOR_ABI with what is missing and what to change. */
function checkAbi(module: WebAssembly.Module, file: string): CorePlan['door'] {
	const fail = (reason: string): never => {
		throw new IgError('IG_OPERATOR_ABI', { file, reason: oneLine(reason) });
	};
	const exports = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
	const imports = WebAssembly.Module.imports(module);
	const relocatable = WebAssembly.Module.customSections(module, 'linking').length > 0;
	const other = anotherKind({ exports, imports, relocatable });
	if (other !== undefined) fail(other);
	if (!exports.has(ABI_MARKER)) {
		const newer = [...exports.keys()].find((name) => /^ig_abi_v\d+$/.test(name));
		if (newer !== undefined) {
			fail(`it is made for version ${newer.slice(8)} of the ABI, this ig knows version 1: use a newer ig, or build it with an older SDK`);
		}
		if (exports.size <= 1) fail('it exports nothing: is it built as a library (Rust: crate-type = ["cdylib"])?');
		fail(`it does not export ${ABI_MARKER}: is it an ig operator? (${HOW_TO_EXPORT})`);
	}
	for (const [name, { required }] of Object.entries(abiExports)) {
		const kind = exports.get(name);
		if (kind !== undefined && kind !== 'function') fail(`its export ${name} is a ${kind}, not a function`);
		if (kind === undefined && required) fail(`it does not export ${name} (${HOW_TO_EXPORT})`);
	}
	const importsMemory = imports.some(({ module: from, name, kind }) => from === 'env' && name === 'memory' && kind === 'memory');
	if (!importsMemory && exports.get('memory') !== 'memory') fail('it neither exports `memory` nor imports env.memory');
	for (const { module: from, name, kind } of imports) {
		if (from === 'env' && name === 'memory' && kind === 'memory') continue;
		const known = importNames.has(`${from}.${name}`) || (from === WASI_MODULE && wasiNames.has(name));
		if (kind === 'function' && known) continue;
		const why = kind === 'function' && from === 'env' ? ': no library that it is linked with defines it' : '';
		fail(`it imports ${from}.${name} (a ${kind}), which ig does not have${why}`);
	}
	return imports.some((entry) => entry.module === WASI_MODULE) ? 'wasi' : 'core';
}

/** A file, or a device that may never end: no more than one byte too many is read. */
async function readModule(file: string): Promise<Uint8Array> {
	const handle = await open(file);
	try {
		const { size } = await handle.stat();
		// A byte more than there should be: so the end shows.
		let bytes = Buffer.allocUnsafeSlow(Math.min(size, MOST_MODULE_BYTES) + 1);
		for (let at = 0; ; ) {
			const { bytesRead } = await handle.read(bytes, at, bytes.length - at, null);
			at += bytesRead;
			if (bytesRead === 0 || at > MOST_MODULE_BYTES) return bytes.subarray(0, at);
			if (at === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(Math.min(at, MOST_MODULE_BYTES + 1 - at))]);
		}
	} finally {
		await handle.close();
	}
}

/**
 * Reads, bounds, compiles and checks an operator.
 * @throws IgError IG_OPERATOR_FILE (unreadable, too big), IG_OPERATOR_WASM (not WebAssembly), IG_OPERATOR_ABI, IG_OPERATOR_MANIFEST
 */
export async function loadModule(file: string, limits: LimitsOf = () => defaultLimits): Promise<LoadedModule> {
	let bytes: Uint8Array;
	try {
		bytes = await readModule(file);
	} catch (cause) {
		throw new IgError('IG_OPERATOR_FILE', { file, reason: unreadable(cause) }, { cause });
	}
	if (bytes.length > MOST_MODULE_BYTES)
		throw new IgError('IG_OPERATOR_FILE', { file, reason: `is larger than ${MOST_MODULE_BYTES} bytes` });
	return compileModule(bytes, file, limits);
}

/** The same, from memory. */
export async function compileModule(bytes: Uint8Array, file: string, limitsOf: LimitsOf = () => defaultLimits): Promise<LoadedModule> {
	if (isComponent(bytes)) {
		const { loadComponent } = await import('./component/load.js');
		return loadComponent(bytes, file, limitsOf);
	}
	return compileCore(bytes, file, limitsOf);
}

/** The same, of a core module. */
export async function compileCore(bytes: Uint8Array, file: string, limitsOf: LimitsOf = () => defaultLimits): Promise<LoadedCore> {
	let module: WebAssembly.Module;
	let bounded: Bounded;
	let bounds: Bounds;
	let manifest: Manifest;
	try {
		manifest = parseManifest(customSection(bytes, MANIFEST_SECTION), file);
		bounds = boundsOf(manifest, limitsOf);
		bounded = boundModule(bytes, bounds);
		module = await compile(bounded.bytes);
	} catch (cause) {
		if (cause instanceof IgError) throw cause;
		const reason = !isWasm(bytes)
			? notWasm(bytes)
			: cause instanceof BinaryError
				? cause.message
				: oneLine((cause as Error).message.replace(/^WebAssembly\.compile\(\): /, ''));
		throw new IgError('IG_OPERATOR_WASM', { file, reason }, { cause });
	}
	const door = checkAbi(module, file);
	const { imported, own, elements } = bounded;
	const start = (imported ?? own)?.initial ?? 0;
	if (start > bounds.pages) throw new IgError('IG_OPERATOR_MEMORY', { file, pages: start, limit: bounds.pages });
	if (elements > bounds.elements) {
		throw new IgError('IG_OPERATOR_ABI', { file, reason: `its tables start with ${elements} elements, the limit is ${bounds.elements}` });
	}
	const memory = imported && {
		initial: imported.initial,
		maximum: Math.max(imported.initial, Math.min(bounds.pages, imported.maximum ?? bounds.pages)),
	};
	const maxMemory = ((memory ?? own)?.maximum ?? bounds.pages) * PAGE;
	return { door, module, file, manifest, maxMemory, ...(memory && { memory }) };
}
