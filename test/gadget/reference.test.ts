/** What users see of each gadget, with what the operators add, is what Inspektor Gadget's own shows. */
import { describe, expect, it } from 'vitest';
import { finalSources } from '../../host/cli/fields-help.js';
import { openGadget } from '../../host/gadget/gadget.js';
import { inspectGadget } from '../../host/gadget/instance.js';
import { type DataSource, FieldFlag, Kind } from '../../host/schema.js';
import { flagsOf, kindOf, reference, references } from '../support/reference.js';

async function describeGadget(name: string): Promise<readonly DataSource[]> {
	const opened = inspectGadget(await openGadget(name));
	try {
		return await finalSources(opened);
	} finally {
		opened.close();
	}
}

/** Two default columns called TID help nobody: ours hides the parent's. */
const hidden = /(^|\.)parent\.tid$/;
/** Annotations in which ours differ on purpose, by gadget and field. */
const own: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> = {
	// Theirs has a colon too many in the key, and so no effect.
	'trace_fsslower file': { 'columns.width': '48', 'columns.width:': '' },
};
/** Fields that are not compared: trace_dns's packets, which are shown nowhere, are in the record with us and behind it with them. */
const missing: readonly string[] = ['trace_dns data'];
/** For operators alone, and only with us: the frames of stacks. */
const frames = /[._]frames$/;
/** Ours has a map's key and value in one record, theirs in two: places in it are no one's business. */
function placeOf(
	source: { readonly fields: readonly { readonly tags?: readonly string[] }[] },
	field: { readonly offset: number; readonly size: number },
): number[] {
	return source.fields.some(({ tags }) => tags?.includes('role:key')) ? [field.size] : [field.offset, field.size];
}
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
/** What was formatted in place is a text, no longer a buffer. */
const alike = (kind: number): number => (kind === Kind.String ? Kind.CString : kind);

/** Headings of the default columns. */
function headings(source: DataSource): string[] {
	return source.fields
		.filter((field) => (field.flags & (FieldFlag.Hidden | FieldFlag.Empty | FieldFlag.Unreferenced)) === 0)
		.sort((a, b) => a.order - b.order)
		.map((field) => (field.annotations['columns.alias'] ?? field.name).toUpperCase());
}

describe.each(references)('%s', (name) => {
	it('has the same data sources and fields, of the same kinds, shown alike', async () => {
		const described = (await describeGadget(name)).map((source) => ({
			...{ name: source.name, type: source.type },
			fields: source.fields
				.filter((field) => !missing.includes(`${name} ${field.name}`) && !frames.test(field.name))
				.map(({ annotations, ...field }) => {
					const { description: _, 'enum.values': _values, 'enum.flags': _flags, ...shown } = annotations;
					if (shown['columns.alias'] === field.name) delete shown['columns.alias'];
					return {
						name: field.name,
						kind: alike(field.kind),
						place: placeOf(source, field),
						flags: field.flags,
						tags: field.tags,
						annotations: shown,
					};
				})
				.sort(byName),
		}));
		const expected = reference(name).dataSources.map((source) => ({
			...{ name: source.name, type: source.type },
			fields: source.fields
				.filter((field) => !missing.includes(`${name} ${field.name}`))
				.map((field) => {
					const hide = hidden.test(field.name);
					const { 'columns.alias': alias, ...theirs } = field.annotations;
					const aliased = alias === undefined || alias === field.name ? theirs : field.annotations;
					const annotations = { ...aliased, ...(hide && { 'columns.hidden': 'true' }), ...own[`${name} ${field.name}`] };
					return {
						...{ name: field.name, kind: alike(kindOf(field)), place: placeOf(source, field) },
						tags: field.tags ?? [],
						flags: flagsOf(field) | (hide ? FieldFlag.Hidden : 0),
						annotations: Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== '')),
					};
				})
				.sort(byName),
		}));
		expect(described).toEqual(expected);
	});

	// Not every gadget could be started where the references were read off.
	if (reference(name).defaultColumns !== undefined)
		it('has the same default columns', async () => {
			const { defaultColumns } = reference(name);
			const seen = new Set<string>();
			const expected = (defaultColumns ?? []).filter((heading) => heading !== 'TID' || (!seen.has(heading) && seen.add(heading)));
			const [source] = await describeGadget(name);
			const ours = source === undefined ? [] : headings(source);
			// Inspektor Gadget cuts headings to their columns' width.
			expect(
				ours.map((heading, i) => (expected[i]?.endsWith('…') && heading.startsWith(expected[i].slice(0, -1)) ? expected[i] : heading)),
			).toEqual(expected);
		});
});
