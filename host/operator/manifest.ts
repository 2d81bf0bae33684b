/** An operator module's manifest: the custom section `ig.manifest` (docs/manifest.schema.json). */
import { basename } from 'node:path';
import { z } from 'zod';
import { IgError } from '../errors.js';
import { notWasm } from './mistakes.js';
import { isWasm, MANIFEST_SECTION, withCustomSection } from './section.js';

/** 64 KiB pages; 16 MiB, as Inspektor Gadget's limit. */
export const DEFAULT_MEMORY_PAGES = 256;

const text = z.string().max(4096);
const param = z.strictObject({
	key: z.string().regex(/^[\w.-]+$/),
	description: text.default(''),
	default: text.optional(),
	required: z.boolean().default(false),
});
const operator = z.looseObject({
	name: z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, `_`, `.` or `-`'),
	version: text.default('0.0.0'),
	description: text.default(''),
	kind: z.enum(['filter', 'enrich', 'aggregate', 'format']).default('filter'),
	dataSources: z.array(text).optional(),
	fields: z.array(text).optional(),
	adds: z.array(text).default([]),
	tables: z.array(z.enum(['users', 'groups'])).default([]),
	params: z.array(param).optional(),
	capabilities: z.array(text).default([]),
	onError: z.enum(['pass', 'drop', 'stop']).default('pass'),
	memoryPages: z.int().min(1).max(65536).default(DEFAULT_MEMORY_PAGES),
});
const manifest = z.looseObject({ operators: z.array(operator).min(1).max(64) });

export type OperatorManifest = z.infer<typeof operator>;
export interface Manifest {
	readonly operators: readonly OperatorManifest[];
}

function nameFromFile(file: string): string {
	const name = basename(file)
		.replace(/\.wasm$/, '')
		.replace(/[^\w.-]/g, '_')
		.slice(0, 64);
	return name === '' ? 'operator' : name;
}

/**
 * Reads and validates the manifest of a compiled module. Without the section, the file's name and all defaults.
 * @throws IgError IG_OPERATOR_MANIFEST
 */
export function readManifest(module: WebAssembly.Module, file: string): Manifest {
	return parseManifest(WebAssembly.Module.customSections(module, MANIFEST_SECTION)[0], file);
}

/** The same, of the section's contents; undefined: there is none. */
export function parseManifest(bytes: ArrayBuffer | Uint8Array | undefined, file: string): Manifest {
	if (bytes === undefined) return manifest.parse({ operators: [{ name: nameFromFile(file) }] });
	let parsed: unknown;
	try {
		parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch (cause) {
		throw new IgError('IG_OPERATOR_MANIFEST', { file, reason: `not JSON: ${(cause as Error).message}` }, { cause });
	}
	const result = manifest.safeParse(parsed);
	if (!result.success) {
		const issue = result.error.issues[0];
		const path = issue?.path.join('.') ?? '';
		throw new IgError('IG_OPERATOR_MANIFEST', { file, reason: `${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}` });
	}
	return result.data;
}

/**
 * The module or component with that manifest (JSON) in it, in the place of any that it had: for languages that cannot make a custom section.
 * @throws IgError IG_OPERATOR_MANIFEST when the text is none, IG_OPERATOR_WASM when the bytes are not WebAssembly
 */
export function withManifest(bytes: Uint8Array, text: string, file: string): Uint8Array {
	const contents = new TextEncoder().encode(text);
	parseManifest(contents, file);
	if (!isWasm(bytes)) throw new IgError('IG_OPERATOR_WASM', { file, reason: notWasm(bytes) });
	try {
		return withCustomSection(bytes, MANIFEST_SECTION, contents);
	} catch (cause) {
		throw new IgError('IG_OPERATOR_WASM', { file, reason: `malformed: ${(cause as Error).message}` }, { cause });
	}
}
