/** Compiles the modules of this folder. */
import { readFileSync } from 'node:fs';
import { MANIFEST_SECTION, withCustomSection } from '../../host/operator/section.js';
import { watToWasm } from '../support/wat.js';

export function wasm(file: string, manifest?: string): Uint8Array {
	const module = watToWasm(readFileSync(new URL(`./${file}.wat`, import.meta.url), 'utf8'));
	return manifest === undefined ? module : withManifest(module, manifest);
}

export function withManifest(module: Uint8Array, manifest: string): Uint8Array {
	return withCustomSection(module, MANIFEST_SECTION, Buffer.from(manifest));
}
