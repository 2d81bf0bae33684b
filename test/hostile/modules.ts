/** Compiles the modules of this folder. */
import { readFileSync } from 'node:fs';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { MANIFEST_SECTION, withCustomSection } from '../../host/operator/section.js';
import { watToWasm } from '../support/wat.js';

/** The modules stay where they are when this file is built. */
const folder = new URL(import.meta.url.endsWith('.ts') ? '.' : '../../../test/hostile/', import.meta.url);

/** Where those of other languages are built (`build.mk`). */
const built = new URL('../../dist/hostile/', folder);

async function assemble(file: string): Promise<Uint8Array> {
	if (/^(rust|as)-/.test(file)) return readFileSync(new URL(`${file}.wasm`, built));
	const text = readFileSync(new URL(`${file}.wat`, folder), 'utf8');
	return /^\(component/m.test(text) ? await parse(text) : watToWasm(text);
}

export async function wasm(file: string, manifest?: string, make?: () => Uint8Array): Promise<Uint8Array> {
	const module = make?.() ?? (await assemble(file));
	return manifest === undefined ? module : withManifest(module, manifest);
}

export function withManifest(module: Uint8Array, manifest: string): Uint8Array {
	return withCustomSection(module, MANIFEST_SECTION, Buffer.from(manifest));
}
