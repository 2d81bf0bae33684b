/**
 * The layout of gadget.yaml before Inspektor Gadget had data sources: fields under `structs`, named by `tracers`,
 * `snapshotters` and `toppers`, and parameters under `ebpfParams`.
 */
import type { MetadataDocument } from './metadata-document.js';
import type { MetadataProblem } from './metadata.js';

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const tree = (value: unknown): Tree => (isTree(value) ? value : {});

const SOURCES = ['tracers', 'snapshotters', 'toppers'] as const;
const legacyKeys: readonly string[] = [...SOURCES, 'structs', 'ebpfparams'];

/** A struct's list of fields, as what `datasources` says of them. */
function fieldsOf(struct: unknown): Tree {
	const list = tree(struct).fields;
	if (!Array.isArray(list)) return {};
	return Object.fromEntries(
		list.filter(isTree).flatMap(({ name, description, attributes, annotations }): [string, Tree][] => {
			if (typeof name !== 'string') return [];
			const columns = Object.entries(tree(attributes)).map(([key, value]) => [key === 'template' ? key : `columns.${key}`, value]);
			const about = description === undefined ? {} : { description };
			return [[name.toLowerCase(), { annotations: { ...about, ...Object.fromEntries(columns), ...tree(annotations) } }]];
		}),
	);
}

function merge(older: Tree, newer: Tree): Tree {
	const merged: Record<string, unknown> = { ...older };
	for (const [key, value] of Object.entries(newer)) {
		merged[key] = isTree(value) && isTree(merged[key]) ? merge(tree(merged[key]), value) : value;
	}
	return merged;
}

/** The file in today's layout. What is there in both is taken from today's. */
export function modernise(document: MetadataDocument): { tree: Tree; warnings: MetadataProblem[] } {
	const old = legacyKeys.filter((key) => key in document.tree);
	if (old.length === 0) return { tree: document.tree, warnings: [] };
	const { structs, ebpfparams } = document.tree;
	const sources = SOURCES.flatMap((kind) => Object.entries(tree(document.tree[kind])));
	const datasources = Object.fromEntries(
		sources.map(([name, source]) => {
			const struct = tree(source).structname;
			return [name, { fields: typeof struct === 'string' ? fieldsOf(tree(structs)[struct.toLowerCase()]) : {} }];
		}),
	);
	const rest = Object.fromEntries(Object.entries(document.tree).filter(([key]) => !legacyKeys.includes(key)));
	const older: Tree = { datasources, params: { ebpf: tree(ebpfparams) } };
	const instead = (key: string): string => (key === 'ebpfparams' ? 'params.ebpf' : 'datasources');
	return {
		tree: merge(older, rest),
		warnings: old.map((key) =>
			document.problemOfKey('warning', [key], `'${document.written([key])}' is the layout of older versions: write it as ${instead(key)}`),
		),
	};
}

export { isTree, merge, type Tree };
