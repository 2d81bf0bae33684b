/** An operator module's manifest: the custom section `ig.manifest` (docs/manifest.schema.json). */
import { basename } from 'node:path';
import { z } from 'zod';
import { IgError } from '../errors.js';
import { MOST_MANIFEST_BYTES } from './limits.js';
import { notWasm, oneLine } from './mistakes.js';
import { isWasm, MANIFEST_SECTION, withCustomSection } from './section.js';

/** 64 KiB pages; 16 MiB, as Inspektor Gadget's limit. */
export const DEFAULT_MEMORY_PAGES = 256;

const text = z.string().max(4096);
const table = z.string().regex(/^[\w.-]{1,64}$/);
const param = z.strictObject({
	key: z.string().regex(/^[\w.-]+$/),
	description: text.default(''),
	default: text.optional(),
	required: z.boolean().default(false),
});
const operator = z.looseObject({
	name: z
		.string()
		// Our own lines in the log begin with `ig: `.
		.regex(/^(?!ig$)[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, `_`, `.` or `-`, and not `ig`')
		.describe('What messages, statistics and the user call it.'),
	version: text.default('0.0.0'),
	description: text.default(''),
	kind: z
		.enum(['filter', 'enrich', 'aggregate', 'format'])
		.default('filter')
		.describe('For people, except `format`: it comes last, and what it outputs goes to the sink.'),
	dataSources: z
		.array(text)
		.optional()
		.describe(
			'Names of the data sources whose batches it gets. When absent: those in which it asks for, adds or overrides a field; all, if it does so in none.',
		),
	fields: z
		.array(text)
		.optional()
		.describe('Full names of the fields that it reads, as if it had called field_want for each; one that does not exist is an error.'),
	adds: z.array(text).default([]).describe('Names of the fields that it adds, for people and tools.'),
	tables: z
		.array(table)
		.max(64)
		.default([])
		.describe('Side tables that it wants; `ig_table` gets the index in this list. Asks for the capability `table:NAME` of each.'),
	params: z.array(param).optional().describe('Its parameters. When this list exists, the user may give no others.'),
	capabilities: z
		.array(text)
		.max(256)
		.default([])
		.describe(
			'What it asks to be granted: log, metric, emit:NAME, table:NAME, map:NAME, map:NAME:rw, env:NAME, args, file:PATH, dir:PATH. Others are never granted.',
		),
	onError: z
		.enum(['pass', 'drop', 'stop'])
		.default('pass')
		.describe('When a batch fails: go on with it as it was before this operator, drop and count its rows, or stop the run.'),
	memoryPages: z
		.int()
		.min(1)
		.max(65536)
		.default(DEFAULT_MEMORY_PAGES)
		.describe("Most memory that it wishes for, in pages of 64 KiB; the host's limit wins."),
});
const manifest = z.looseObject({
	operators: z.array(operator).min(1).max(64).describe('In the order of `op`, the index in every call.'),
});

/** docs/manifest.schema.json, which is made of the validator above by `node scripts/manifest-schema.mjs`. */
export function manifestSchema(): string {
	const about = {
		title: 'Manifest of an ig operator module',
		description:
			'JSON in the custom section `ig.manifest` of a module; docs/operator-abi.md says what the host does with it. Keys that this schema does not name are ignored, except in parameters.',
	};
	const { $schema, ...rest } = z.toJSONSchema(manifest, { io: 'input' });
	const json = JSON.stringify({ $schema, ...about, ...rest }, null, '\t');
	// Short lists of names on one line, as the formatter wants them.
	return `${json.replace(/\[\n\s*((?:"[^"]*"(?:,\n\s*)?)+)\n\s*\]/g, (_, names: string) => `[${names.replace(/,\n\s*/g, ', ')}]`)}\n`;
}

export type OperatorManifest = z.infer<typeof operator>;
export interface Manifest {
	readonly operators: readonly OperatorManifest[];
}

function nameFromFile(file: string): string {
	const name = basename(file)
		.replace(/\.wasm$/, '')
		.replace(/[^\w.-]/g, '_')
		.slice(0, 64);
	return name === '' || name === 'ig' ? 'operator' : name;
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
	if (bytes.byteLength > MOST_MANIFEST_BYTES)
		throw new IgError('IG_OPERATOR_MANIFEST', { file, reason: `larger than ${MOST_MANIFEST_BYTES} bytes` });
	let parsed: unknown;
	try {
		parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch (cause) {
		throw new IgError('IG_OPERATOR_MANIFEST', { file, reason: `not JSON: ${oneLine((cause as Error).message)}` }, { cause });
	}
	const result = manifest.safeParse(parsed);
	if (!result.success) {
		const issue = result.error.issues[0];
		const path = issue?.path.join('.') ?? '';
		throw new IgError('IG_OPERATOR_MANIFEST', { file, reason: oneLine(`${path === '' ? '' : `${path}: `}${issue?.message ?? 'invalid'}`) });
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
