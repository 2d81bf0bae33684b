/**
 * Reads `gadget.yaml`: YAML to {@link GadgetMetadata}, with errors that show the line. Importing this module costs 150 ms
 * (yaml and zod), so it is imported only where the prepared copy (`prepare.ts`) is missing or stale.
 */
import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import type { MetadataFile } from './metadata.js';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.bigint()], 'must be a text, a number or a boolean').transform(String);
const orEmpty = <T extends z.ZodType>(type: T) => z.preprocess((value) => value ?? undefined, type);
const text = orEmpty(scalar.default(''));
const optionalText = orEmpty(scalar.optional());
const texts = orEmpty(z.record(z.string(), orEmpty(scalar.default(''))).default({}));
const field = z.object({ annotations: texts, tags: orEmpty(z.array(scalar).default([])) });
const dataSource = field.extend({
	fields: orEmpty(z.record(z.string(), orEmpty(field.default({ annotations: {}, tags: [] }))).default({})),
});
const param = z.object({
	key: optionalText,
	defaultvalue: optionalText,
	description: optionalText,
	alias: orEmpty(z.string().length(1, 'must be one letter').optional()),
	possiblevalues: orEmpty(z.array(scalar).optional()),
});
const program = z.string().regex(/^\w+$/, 'must be the name of a program');
const hook = z.array(z.object({ programs: z.array(program), needs: orEmpty(z.array(z.string()).default([])) })).min(1);
const params = orEmpty(z.record(z.string(), orEmpty(param.default({}))).default({}));
const file = z.object({
	name: orEmpty(z.string('must be a text').max(256).optional()),
	description: text,
	homepageurl: text,
	documentationurl: text,
	sourceurl: text,
	annotations: texts,
	datasources: orEmpty(z.record(z.string(), orEmpty(dataSource.default({ annotations: {}, tags: [], fields: {} }))).default({})),
	params: orEmpty(z.object({ ebpf: params }).default({ ebpf: {} })),
	ebpfparams: params,
	paramdefaults: texts,
	hooks: orEmpty(z.record(z.string(), hook).default({})),
});
/** Keys that other parts read, or that Inspektor Gadget knows and we do not need. */
const otherKeys = ['programs', 'operator'];
const knownKeys = [...Object.keys(file.shape), ...otherKeys];

/** Keys in lower case at every level (Inspektor Gadget's are case-insensitive), but for annotations that name environment variables. */
function lowerKeys(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(lowerKeys);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [/^env\.fields\./i.test(key) ? key : key.toLowerCase(), lowerKeys(inner)]),
	);
}

/** The node that a path of lower-case keys leads to, or the deepest one on the way. */
function nodeAt(root: Node | null, path: readonly PropertyKey[]): Node | null {
	let node = root;
	for (const step of path) {
		let next: unknown;
		if (isMap(node)) {
			const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value).toLowerCase() === String(step).toLowerCase());
			next = pair?.value ?? pair?.key;
		} else if (node !== null && 'items' in node && Array.isArray(node.items)) next = node.items[Number(step)];
		if (isPair(next)) next = next.value;
		if (!isNode(next)) return node;
		node = next;
	}
	return node;
}

/** The line, the one before and the one after, with a mark under the column. */
export function codeFrame(source: string, line: number, column: number): string {
	const lines = source.split('\n');
	const width = String(line + 1).length;
	const shown: string[] = [];
	for (let n = Math.max(1, line - 1); n <= Math.min(lines.length, line + 1); n++) {
		const content = (lines[n - 1] ?? '').replace(/\t/g, ' ').replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
		shown.push(`${n === line ? '>' : ' '} ${String(n).padStart(width)} | ${content}`.trimEnd());
		if (n === line) shown.push(`  ${' '.repeat(width)} | ${' '.repeat(column - 1)}^`);
	}
	return shown.join('\n');
}

/**
 * @param name of the gadget when the file says none
 * @throws IgError IG_METADATA, with the place and a frame of the user's own file
 */
export function parseMetadata(source: string, path: string, name: string): MetadataFile {
	const counter = new LineCounter();
	const fail = (offset: number, reason: string): never => {
		const { line, col } = counter.linePos(offset);
		const at = { line: Math.max(1, line), column: Math.max(1, col) };
		throw new IgError('IG_METADATA', { file: path, ...at, reason, frame: codeFrame(source, at.line, at.column) });
	};
	const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
	const syntax = document.errors[0];
	if (syntax !== undefined) fail(syntax.pos[0], syntax.message);
	const contents: Node | null = document.contents;
	const root = isMap(contents) ? contents : null;
	if (contents !== null && root === null) fail(contents.range?.[0] ?? 0, 'must be a map of keys and values');

	const result = file.safeParse(lowerKeys(document.toJS({ maxAliasCount: 100 }) ?? {}));
	if (!result.success) {
		const issue = result.error.issues[0];
		const where = issue?.path ?? [];
		const label = where.length === 0 ? '' : `${where.join('.')}: `;
		fail(nodeAt(root, where)?.range?.[0] ?? 0, `${label}${issue?.message ?? 'invalid'}`);
		throw new Error('unreachable');
	}

	const warnings: string[] = [];
	for (const item of root?.items ?? []) {
		if (!isScalar(item.key)) continue;
		const key = String(item.key.value);
		if (knownKeys.includes(key.toLowerCase())) continue;
		const { line, col } = counter.linePos(item.key.range?.[0] ?? 0);
		warnings.push(`${path}:${line}:${col}: unknown key '${key}'${closest(key, knownKeys)}`);
	}
	const read = result.data;
	const camel = ({ defaultvalue, possiblevalues, ...rest }: z.infer<typeof param>) => ({
		...rest,
		...{ defaultValue: defaultvalue, possibleValues: possiblevalues },
	});
	return {
		warnings,
		metadata: {
			...{ name: read.name ?? name, description: read.description, annotations: read.annotations },
			...{ homepageUrl: read.homepageurl, documentationUrl: read.documentationurl, sourceUrl: read.sourceurl },
			...{ dataSources: read.datasources, paramDefaults: read.paramdefaults, hooks: read.hooks },
			params: Object.fromEntries(Object.entries({ ...read.ebpfparams, ...read.params.ebpf }).map(([key, value]) => [key, camel(value)])),
		},
	};
}
