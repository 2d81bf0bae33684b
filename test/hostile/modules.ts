/** Compiles the modules of this folder. */
import { readFileSync } from 'node:fs';
import { watToWasm } from '../support/wat.js';

const SECTION = 'ig.manifest';

export function wasm(file: string, manifest?: string): Uint8Array {
	const module = watToWasm(readFileSync(new URL(`./${file}.wat`, import.meta.url), 'utf8'));
	return manifest === undefined ? module : withManifest(module, manifest);
}

export function withManifest(module: Uint8Array, manifest: string): Uint8Array {
	return Buffer.concat([module, customSection(SECTION, Buffer.from(manifest))]);
}

/** WebAssembly core specification 1.0, §5.5.3. */
function customSection(name: string, contents: Uint8Array): Uint8Array {
	const title = Buffer.from(name);
	const body = Buffer.concat([leb(title.length), title, contents]);
	return Buffer.concat([Buffer.from([0]), leb(body.length), body]);
}

function leb(value: number): Uint8Array {
	const bytes = [];
	let rest = value;
	for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
	return Buffer.from([...bytes, rest]);
}
