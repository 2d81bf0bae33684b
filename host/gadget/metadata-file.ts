/**
 * Reads `gadget.yaml`: YAML to {@link GadgetMetadata}, with errors that show the line. Importing this module costs 150 ms
 * (yaml and zod), so it is imported only where the prepared copy (`prepare.ts`) is missing or stale.
 */
import { closest } from '../closest.js';
import { templates } from './annotations.js';
import type { GadgetMetadata, MetadataFile, MetadataProblem, ParamConfig } from './metadata.js';
import { MetadataDocument, metadataError, type Path } from './metadata-document.js';
import { isTree, modernise, type Tree } from './metadata-legacy.js';
import { type FileShape, fileSchema, knownKeys, spelling } from './metadata-schema.js';

/** Leaves of a tree by their path, joined by dots. */
function flatten(value: unknown, path: string, into: Record<string, string>): Record<string, string> {
	if (isTree(value)) for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
	else if (value !== null && value !== undefined) into[path] = Array.isArray(value) ? value.join(',') : String(value);
	return into;
}

type RawParam = FileShape['params']['ebpf'][string];

function paramOf({ defaultvalue, possiblevalues, typehint, ismandatory, ...rest }: RawParam): ParamConfig {
	return { ...rest, defaultValue: defaultvalue, possibleValues: possiblevalues, typeHint: typehint, isMandatory: ismandatory };
}

function mapOf<From, To>(record: Readonly<Record<string, From>>, make: (value: From) => To): Record<string, To> {
	return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]));
}

function metadataOf(read: FileShape, tree: Tree, name: string): GadgetMetadata {
	const { ebpf, wasm, custom } = read.params;
	return {
		...{ name: read.name ?? name, description: read.description, annotations: read.annotations },
		...{ homepageUrl: read.homepageurl, documentationUrl: read.documentationurl, sourceUrl: read.sourceurl },
		...{ dataSources: read.datasources, paramDefaults: read.paramdefaults, hooks: read.hooks },
		...{ params: mapOf(ebpf, paramOf), wasmParams: mapOf(wasm, paramOf) },
		...{ programs: mapOf(read.programs, (program) => flatten(program, '', {})), operator: flatten(read.operator, '', {}) },
		customParams: mapOf(custom, ({ values, patch, ...param }) => {
			const possible = Object.keys(values);
			const config = paramOf(param);
			return {
				...config,
				...(possible.length > 0 && { possibleValues: possible }),
				patches: mapOf(values, (value) => value.patch ?? {}),
				patch: patch ?? {},
			};
		}),
		// Patches are made to the file, not to what was read from it.
		...(Object.keys(custom).length > 0 && { tree }),
	};
}

/** Keys that nothing reads. */
function unknownKeys(document: MetadataDocument): MetadataProblem[] {
	const found: MetadataProblem[] = [];
	const walk = (value: unknown, path: Path, pattern: string): void => {
		if (Array.isArray(value)) for (const [i, one] of value.entries()) walk(one, [...path, i], `${pattern}.*`);
		if (!isTree(value)) return;
		const known = knownKeys[pattern];
		for (const [key, inner] of Object.entries(value)) {
			const here = [...path, key];
			const step = pattern === '' ? key : `${pattern}.${known?.includes(key) ? key : '*'}`;
			if (known !== undefined && !known.includes(key)) {
				const guess = closest(
					key,
					known.map((one) => spelling[one] ?? one),
				);
				found.push(document.problemOfKey('warning', here, `unknown key '${document.written(here)}'${guess}`));
			} else walk(inner, here, step);
		}
	};
	walk(document.tree, [], '');
	const legacy = ['tracers', 'snapshotters', 'toppers', 'structs', 'ebpfparams'];
	return found.filter(({ reason }) => !legacy.some((key) => reason.toLowerCase().startsWith(`unknown key '${key}'`)));
}

const choices: Readonly<Record<string, readonly string[]>> = {
	'columns.alignment': ['left', 'right'],
	'columns.ellipsis': ['none', 'start', 'middle', 'end'],
	'columns.hidden': ['true', 'false'],
	'columns.fixed': ['true', 'false'],
	'columns.hex': ['true', 'false'],
	'json.skip': ['true', 'false'],
	template: Object.keys(templates),
};
const whole = ['columns.width', 'columns.minwidth', 'columns.maxwidth', 'columns.precision'];

/** Annotations whose values cannot be what their author wants. */
function annotationProblems(document: MetadataDocument, read: FileShape): MetadataProblem[] {
	const found: MetadataProblem[] = [];
	for (const [source, { fields }] of Object.entries(read.datasources)) {
		for (const [name, { annotations }] of Object.entries(fields)) {
			for (const [key, value] of Object.entries(annotations)) {
				const path = ['datasources', source, 'fields', name, 'annotations', key];
				const among = choices[key];
				if (among !== undefined && !among.includes(value.toLowerCase()) && !among.includes(value)) {
					const hint = closest(value, among) || `: one of ${among.join(', ')}`;
					found.push(document.problem('warning', path, `'${value}' is no ${key}${hint}`));
				}
				if (whole.includes(key) && !/^\d{1,5}$/.test(value) && !(key.endsWith('width') && value === 'type')) {
					found.push(document.problem('warning', path, `${key} must be a number of characters, this is '${value}'`));
				}
			}
		}
	}
	return found;
}

export interface CheckedMetadata {
	/** Undefined when a problem is an error. */
	readonly metadata: GadgetMetadata | undefined;
	/** In the order of the file. */
	readonly problems: readonly MetadataProblem[];
	readonly document: MetadataDocument;
}

/** Reads a file and finds all that is wrong with it. @throws IgError IG_METADATA when it is not even YAML */
export function checkMetadata(source: string, path: string, name: string): CheckedMetadata {
	const document = new MetadataDocument(source, path);
	const { tree, warnings } = modernise(document);
	const result = fileSchema.safeParse(tree);
	const problems: MetadataProblem[] = [...warnings, ...unknownKeys(document)];
	if (result.success) problems.push(...annotationProblems(document, result.data));
	else {
		for (const { path: where, message } of result.error.issues) {
			problems.push(document.problem('error', where, where.length === 0 ? message : `${where.join('.')}: ${message}`));
		}
	}
	problems.sort((a, b) => a.line - b.line || a.column - b.column);
	return { metadata: result.success ? metadataOf(result.data, tree, name) : undefined, problems, document };
}

/** A tree that was patched, as metadata. @throws IgError IG_GADGET_INVALID is the caller's: this one throws what zod says */
export function metadataOfTree(tree: Tree, name: string): GadgetMetadata {
	return metadataOf(fileSchema.parse(tree), tree, name);
}

/**
 * @param name of the gadget when the file says none
 * @throws IgError IG_METADATA, with the place and a frame of the user's own file
 */
export function parseMetadata(source: string, path: string, name: string): MetadataFile {
	const { metadata, problems } = checkMetadata(source, path, name);
	const error = problems.find(({ severity }) => severity === 'error');
	if (metadata === undefined || error !== undefined) throw metadataError(path, error ?? (problems[0] as MetadataProblem));
	const warnings = problems.map(({ line, column, reason }) => `${path}:${line}:${column}: ${reason}`);
	return { warnings, metadata };
}
