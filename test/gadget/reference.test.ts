/**
 * What users see of each gadget, with what the operators add, is what Inspektor Gadget's own shows: data sources, fields, flags.
 * test/reference/differences.ts has what differs on purpose, and why.
 */
import { describe, expect, it } from 'vitest';
import { finalSources } from '../../host/cli/fields-help.js';
import { gadgetFlags } from '../../host/cli/gadget-flags.js';
import { commonFlags } from '../../host/cli/run-flags.js';
import { openGadget } from '../../host/gadget/gadget.js';
import { inspectGadget } from '../../host/gadget/instance.js';
import type { Param } from '../../host/gadget/params.js';
import { type DataSource, FieldFlag } from '../../host/schema.js';
import { differences } from '../reference/differences.js';
import { flagsOf, kindOf, type Reference, reference, references } from '../support/reference.js';

/** One fact a line: `dns.src.addr kind` is 12. */
type Facts = Map<string, string>;

async function describeGadget(name: string): Promise<{ sources: readonly DataSource[]; params: readonly Param[] }> {
	const opened = inspectGadget(await openGadget(name));
	try {
		return { sources: await finalSources(opened), params: opened.params };
	} finally {
		opened.close();
	}
}

const flagNames = Object.entries(FieldFlag).map(([name, bit]) => [`${name[0]?.toLowerCase()}${name.slice(1)}`, bit] as const);

function addField(facts: Facts, name: string, field: { kind: number; offset: number; size: number; flags: number }): void {
	for (const key of ['kind', 'offset', 'size'] as const) facts.set(`${name} ${key}`, String(field[key]));
	for (const [flag, bit] of flagNames) facts.set(`${name} ${flag}`, String((field.flags & bit) !== 0));
}

function addAnnotations(facts: Facts, name: string, annotations: Readonly<Record<string, string>>): void {
	for (const [key, value] of Object.entries(annotations)) facts.set(`${name} annotations ${key}`, value);
}

/** Of ours; what describes, and what an operator is told of the values, are our own words. */
const unsaid = /^(description|enum\.values|enum\.flags|fields\..*)$/;
const said = (annotations: Readonly<Record<string, string>>) =>
	Object.fromEntries(Object.entries(annotations).filter(([key]) => !unsaid.test(key)));
/** An alias that is the name says nothing. */
const renamed = (annotations: Readonly<Record<string, string>>, name: string) =>
	Object.fromEntries(Object.entries(annotations).filter(([key, value]) => key !== 'columns.alias' || value !== name));

function ours({ sources, params }: { sources: readonly DataSource[]; params: readonly Param[] }): Facts {
	const facts: Facts = new Map();
	for (const source of sources) {
		facts.set(`data source ${source.name}`, source.type);
		addAnnotations(facts, `data source ${source.name}`, said(source.annotations));
		for (const field of source.fields) {
			const name = `${source.name}.${field.name}`;
			addField(facts, name, field);
			facts.set(`${name} tags`, field.tags.join(' '));
			addAnnotations(facts, name, renamed(said(field.annotations), field.name));
		}
	}
	const own = new Set(params.map(({ key }) => key));
	for (const { key, type, default: value } of params) facts.set(`--${key}`, `${type} ${value}`);
	// What operators are told is text.
	const ofOperators = gadgetFlags(params, sources).filter((flag) => !own.has(flag.name) && flag.value !== undefined);
	for (const { name, default: value = '' } of ofOperators) facts.set(`--${name}`, `string ${value}`);
	for (const { name } of commonFlags) {
		if (name === 'sort' && sources.some(({ type }) => type === 'array')) facts.set(`--${name}`, 'string ');
		if (name === 'max-entries' && sources.some(({ type }) => type === 'array')) facts.set(`--${name}`, 'string -1');
	}
	return facts;
}

function theirs({ dataSources, params }: Reference): Facts {
	const facts: Facts = new Map();
	for (const source of dataSources) {
		facts.set(`data source ${source.name}`, source.type);
		addAnnotations(facts, `data source ${source.name}`, source.annotations ?? {});
		for (const field of source.fields) {
			const name = `${source.name}.${field.name}`;
			addField(facts, name, { kind: kindOf(field), offset: field.offset, size: field.size, flags: flagsOf(field) });
			facts.set(`${name} tags`, (field.tags ?? []).join(' '));
			addAnnotations(facts, name, renamed(field.annotations, field.name));
		}
	}
	for (const [key, { type, default: value }] of Object.entries(params)) {
		facts.set(`--${key}`, `${type} ${value ?? (type === 'bool' ? 'false' : '')}`);
	}
	return facts;
}

/** Headings of the default columns. */
function headings(source: DataSource): string[] {
	return source.fields
		.filter((field) => (field.flags & (FieldFlag.Hidden | FieldFlag.Empty | FieldFlag.Unreferenced)) === 0)
		.sort((a, b) => a.order - b.order)
		.map((field) => (field.annotations['columns.alias'] ?? field.name).toUpperCase());
}

const used = new Set<(typeof differences)[number]>();

describe.each(references)('%s', (name) => {
	it('has the same data sources, fields and flags, and what differs is meant to', async () => {
		const mine = ours(await describeGadget(name));
		const other = theirs(reference(name));
		const differing = [...new Set([...mine.keys(), ...other.keys()])].filter((what) => mine.get(what) !== other.get(what));
		const unexplained = differing.filter((what) => {
			const meant = differences.find((one) => (one.gadget ?? name) === name && one.what.test(what));
			if (meant !== undefined) used.add(meant);
			return meant === undefined;
		});
		expect(unexplained.map((what) => `${what}: ${mine.get(what) ?? 'none'}, theirs ${other.get(what) ?? 'none'}`)).toEqual([]);
	});

	// Not every gadget could be started where the references were read off.
	if (reference(name).defaultColumns !== undefined)
		it('has the same default columns', async () => {
			const { defaultColumns } = reference(name);
			const seen = new Set<string>();
			const expected = (defaultColumns ?? []).filter((heading) => heading !== 'TID' || (!seen.has(heading) && seen.add(heading)));
			const [source] = (await describeGadget(name)).sources;
			const shown = source === undefined ? [] : headings(source);
			// Inspektor Gadget cuts headings to their columns' width.
			expect(
				shown.map((heading, i) => (expected[i]?.endsWith('…') && heading.startsWith(expected[i].slice(0, -1)) ? expected[i] : heading)),
			).toEqual(expected);
		});
});

it('lists no difference that is none', () => {
	expect(differences.filter((one) => !used.has(one)).map(({ what, reason }) => `${what}: ${reason}`)).toEqual([]);
});
