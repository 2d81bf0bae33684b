/** Custom parameters: their values patch gadget.yaml before anything reads it. */
import { IgError } from '../errors.js';
import type { Gadget } from './gadget.js';
import type { GadgetMetadata } from './metadata.js';
import { isTree, merge, type Tree } from './metadata-legacy.js';

/** What Inspektor Gadget's templates call: `{{call .getParamValue "custom.interval"}}`. */
const CALL = /\{\{-?\s*call\s+\.(\w+)\s+(?:"([^"]*)"|`([^`]*)`)\s*-?\}\}/g;

function configOf(tree: Tree, path: string): string {
	let value: unknown = tree;
	for (const step of path.toLowerCase().split('.')) value = isTree(value) ? value[step] : undefined;
	return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

function fill(text: string, tree: Tree, values: ReadonlyMap<string, string>): string {
	const filled = text.replace(CALL, (_, name: string, quoted: string | undefined, raw: string | undefined) => {
		const argument = quoted ?? raw ?? '';
		if (name === 'getParamValue') return values.get(argument.replace(/^custom\./, '')) ?? '';
		if (name === 'getConfig') return configOf(tree, argument);
		throw new Error(`a template calls '${name}'; there are getParamValue and getConfig`);
	});
	if (filled.includes('{{')) throw new Error(`this template is not understood: ${text}`);
	return filled;
}

function fillAll(value: unknown, tree: Tree, values: ReadonlyMap<string, string>): unknown {
	if (typeof value === 'string') return fill(value, tree, values);
	if (Array.isArray(value)) return value.map((one) => fillAll(one, tree, values));
	if (!isTree(value)) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [fill(key, tree, values).toLowerCase(), fillAll(inner, tree, values)]),
	);
}

/** The custom parameters' values: those given, and defaults. */
function valuesOf({ customParams, paramDefaults }: GadgetMetadata, given: (key: string) => string | undefined): Map<string, string> {
	const values = new Map<string, string>();
	for (const [name, param] of Object.entries(customParams)) {
		const value = given(param.key ?? name) ?? paramDefaults[`custom.${name}`] ?? param.defaultValue;
		if (value === undefined) continue;
		if (param.possibleValues !== undefined && !param.possibleValues.includes(value.toLowerCase()) && value !== '') {
			throw new IgError('IG_PARAM', { param: param.key ?? name, value, reason: `is not one of ${param.possibleValues.join(', ')}` });
		}
		values.set(name, value);
	}
	return values;
}

/**
 * The gadget with its custom parameters' patches; itself when it has none.
 * @param given the value of a flag, if it was given
 * @throws IgError IG_PARAM for a value that a parameter does not have, IG_GADGET_INVALID for a patch that does not fit
 */
export async function patchGadget(gadget: Gadget, given: (key: string) => string | undefined): Promise<Gadget> {
	const { metadata } = gadget;
	if (metadata.tree === undefined) return gadget;
	const values = valuesOf(metadata, given);
	let tree: Tree = metadata.tree;
	try {
		for (const [name, { patch, patches }] of Object.entries(metadata.customParams)) {
			const value = values.get(name);
			if (value === undefined) continue;
			for (const part of [patch, patches[value.toLowerCase()] ?? {}]) {
				const filled = fillAll(part, tree, values) as Tree;
				if (isTree(filled.params) && 'custom' in filled.params) throw new Error('a patch cannot change params.custom');
				tree = merge(tree, filled);
			}
		}
		const { metadataOfTree } = await import('./metadata-file.js');
		return { ...gadget, metadata: metadataOfTree(tree, metadata.name) };
	} catch (cause) {
		if (cause instanceof IgError) throw cause;
		const issues = (cause as { issues?: { path: PropertyKey[]; message: string }[] }).issues;
		const [issue] = issues ?? [];
		const reason = issue ? `${issue.path.join('.')}: ${issue.message}` : cause instanceof Error ? cause.message : String(cause);
		throw new IgError('IG_GADGET_INVALID', { gadget: gadget.name, reason: `a custom parameter's patch: ${reason}` }, { cause });
	}
}
