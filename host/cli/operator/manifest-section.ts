/** The custom section `ig.manifest`, for languages whose compilers cannot write one. */
import { readFileSync } from 'node:fs';
import { IgError } from '../../errors.js';

const SECTION = 'ig.manifest';

function leb(value: number): number[] {
	const low = value & 0x7f;
	return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}

/** Appends the manifest of a file to a module that has none yet. @throws IgError IG_OPERATOR_MANIFEST: the file is not JSON */
export function attachManifest(wasm: Uint8Array, path: string): Uint8Array {
	if (Buffer.from(wasm).includes(Buffer.from([SECTION.length, ...Buffer.from(SECTION)]))) return wasm;
	const text = readFileSync(path, 'utf8');
	let compact: string;
	try {
		compact = JSON.stringify(JSON.parse(text));
	} catch (cause) {
		throw new IgError('IG_OPERATOR_MANIFEST', { file: path, reason: `not JSON: ${(cause as Error).message}` }, { cause });
	}
	const body = Buffer.concat([Buffer.from([SECTION.length]), Buffer.from(SECTION), Buffer.from(compact)]);
	return Buffer.concat([wasm, Buffer.from([0, ...leb(body.length)]), body]);
}
