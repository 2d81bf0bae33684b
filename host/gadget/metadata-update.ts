/** `--update-metadata`: adds to a gadget.yaml what its object has and it does not. What is there stays as it is, comments too. */
import { isMap, parseDocument, type YAMLMap } from 'yaml';
import { FieldFlag } from '../schema.js';
import type { OpenedGadget } from './instance.js';
import { MetadataDocument } from './metadata-document.js';
import { isWellKnown } from './params.js';

export interface UpdatedMetadata {
	readonly text: string;
	/** `field open.fname`, `parameter targ_failed`. */
	readonly added: readonly string[];
}

const TODO = 'TODO: Fill field description';

/** @throws IgError IG_METADATA when the file is no YAML */
export function updateMetadata(source: string, path: string, opened: OpenedGadget): UpdatedMetadata {
	// For its errors.
	new MetadataDocument(source, path);
	const document = parseDocument(source === '' ? '{}' : source);
	if (isMap(document.contents)) document.contents.flow = false;
	const added: string[] = [];
	const find = (map: YAMLMap, name: string): unknown =>
		map.items.find((pair) => String((pair.key as { value?: unknown } | null)?.value ?? pair.key).toLowerCase() === name.toLowerCase())
			?.value;
	/** The map under a key, made when there is none. */
	const child = (map: YAMLMap, name: string): YAMLMap => {
		const there = find(map, name);
		if (isMap(there)) return there;
		const made = document.createNode({}) as YAMLMap;
		map.delete(name);
		map.set(name, made);
		return made;
	};
	const root = document.contents as unknown as YAMLMap;
	if (find(root, 'name') === undefined) {
		root.set('name', opened.gadget.name);
		added.push('name');
	}
	if (find(root, 'description') === undefined) root.set('description', 'TODO: Fill the gadget description');
	for (const { name, fields } of opened.dataSources) {
		const list = child(child(child(root, 'datasources'), name), 'fields');
		for (const field of fields) {
			const isParent = fields.some((one) => one.parent === field.id);
			const isOurs = field.parent !== -1 || isParent || !field.tags.includes('src:ebpf') || (field.flags & FieldFlag.Unreferenced) !== 0;
			if (isOurs || find(list, field.name) !== undefined || field.annotations.description !== undefined) continue;
			list.set(field.name, document.createNode({ annotations: { description: TODO } }));
			added.push(`field ${name}.${field.name}`);
		}
		if (list.items.length === 0) (find(child(root, 'datasources'), name) as YAMLMap).delete('fields');
	}
	for (const { variable } of opened.params) {
		if (isWellKnown(variable)) continue;
		const params = child(child(root, 'params'), 'ebpf');
		if (find(params, variable) !== undefined) continue;
		params.set(variable, document.createNode({ key: variable, description: 'TODO: Fill parameter description' }));
		added.push(`parameter ${variable}`);
	}
	return { text: added.length === 0 ? source : document.toString({ lineWidth: 0 }), added };
}
