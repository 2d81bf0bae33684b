/** Loading an operator's file: what it is, whether it follows the ABI, its manifest, its memory. Main thread only. */
import { readFile } from 'node:fs/promises';
import { IgError } from '../errors.js';
import { ABI_MARKER, abiExports } from './abi.js';
import { BinaryError, type Limits, limitMemory } from './binary.js';
import { importNames } from './imports.js';
import { type Manifest, readManifest } from './manifest.js';
import { anotherKind, HOW_TO_EXPORT, notWasm } from './mistakes.js';
import type { CorePlan, LoadedModule } from './module.js';
import { WASI_MODULE, wasiNames } from './wasi/preview1.js';

export interface LoadOptions {
	/** Upper bound for the module's memory, in 64 KiB pages. */
	readonly maxMemoryPages?: number;
	/** Largest file, bytes. */
	readonly maxBytes?: number;
}

/** @returns its door. @throws IgError IG_OPERATOR_ABI with what is missing and what to change. */
function checkAbi(module: WebAssembly.Module, file: string): CorePlan['door'] {
	const fail = (reason: string): never => {
		throw new IgError('IG_OPERATOR_ABI', { file, reason });
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

/**
 * Reads, bounds, compiles and checks an operator.
 * @throws IgError IG_OPERATOR_FILE (unreadable, too big), IG_OPERATOR_WASM (not WebAssembly), IG_OPERATOR_ABI, IG_OPERATOR_MANIFEST
 */
export async function loadModule(file: string, options: LoadOptions = {}): Promise<LoadedModule> {
	const { maxMemoryPages = 16384, maxBytes = 64 << 20 } = options;
	let bytes: Uint8Array;
	try {
		bytes = await readFile(file);
	} catch (cause) {
		throw new IgError('IG_OPERATOR_FILE', { file, reason: (cause as NodeJS.ErrnoException).code ?? String(cause) }, { cause });
	}
	if (bytes.length > maxBytes) throw new IgError('IG_OPERATOR_FILE', { file, reason: `larger than ${maxBytes} bytes` });
	return compileModule(bytes, file, maxMemoryPages);
}

/** The same, from memory. */
export async function compileModule(bytes: Uint8Array, file: string, maxMemoryPages = 16384): Promise<LoadedModule> {
	let module: WebAssembly.Module;
	let memory: Limits | undefined;
	let own: Limits | undefined;
	let manifest: Manifest;
	try {
		// Compiled once as it is, so that the binary below is known to be valid; cheap beside the run.
		const first = limitMemory(bytes, maxMemoryPages);
		({ imported: memory, own } = first.memory);
		module = await WebAssembly.compile(first.bytes);
		manifest = readManifest(module, file);
		const wish = Math.max(...manifest.operators.map(({ memoryPages }) => memoryPages));
		const limit = Math.min(maxMemoryPages, wish);
		const start = (memory ?? own)?.initial ?? 0;
		if (start > limit) {
			throw new IgError('IG_OPERATOR_MEMORY', { file, pages: start, limit });
		}
		if (memory !== undefined) {
			const maximum = Math.max(memory.initial, Math.min(limit, memory.maximum ?? limit));
			memory = { initial: memory.initial, maximum };
		} else if ((own?.maximum ?? limit) > limit) {
			module = await WebAssembly.compile(limitMemory(bytes, limit).bytes);
		}
	} catch (cause) {
		if (cause instanceof IgError) throw cause;
		const magic = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
		const reason = !magic
			? notWasm(bytes)
			: bytes[4] === 0x0d
				? 'a component, not a core module; components come with a later version'
				: cause instanceof BinaryError
					? `malformed: ${cause.message}`
					: (cause as Error).message.replace(/^WebAssembly\.compile\(\): /, '');
		throw new IgError('IG_OPERATOR_WASM', { file, reason }, { cause });
	}
	return { door: checkAbi(module, file), module, file, manifest, ...(memory && { memory }) };
}
