import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addContainerFields } from '../../host/container/fields.js';
import { annotateDefaults, applyMetadata, expand } from '../../host/gadget/annotations.js';
import { emptyMetadata } from '../../host/gadget/metadata.js';
import { parseMetadata } from '../../host/gadget/metadata-file.js';
import { configuredFor } from '../../host/later-fields.js';
import { FieldFlag } from '../../host/schema.js';
import { bare, flagsOf, reference } from '../support/reference.js';

/** Raw fields that the formatters operator hides when it adds the text beside them: not yet hidden here. */
const hiddenByFormatters = new Set(['proc.creds.uid', 'proc.creds.gid', 'error_raw']);
/** Two default columns called TID help nobody: ours hides the parent's. */
const ours = 'proc.parent.tid';

describe.each(['trace_open', 'trace_exec'])('annotations of %s', (gadget) => {
	const path = `gadgets/${gadget}/gadget.yaml`;
	const exists = existsSync(path);
	const expected = reference(gadget);
	const source = bare(expected);
	if (exists) {
		const { metadata } = parseMetadata(readFileSync(path, 'utf8'), path, gadget);
		annotateDefaults(source);
		addContainerFields(source);
		applyMetadata(source, metadata);
	}
	const compared = (expected.dataSources[0]?.fields ?? []).filter((field) => source.fields.some(({ name }) => name === field.name));

	it.skipIf(!exists)('cover the fields of the kernel, containers and stacks', () => {
		expect(compared.length).toBe(source.fields.length);
	});

	it.skipIf(!exists).each(compared.map((field) => [field.name, field] as const))('%s is as in Inspektor Gadget', (name, field) => {
		const own = source.fields.find((candidate) => candidate.name === name);
		const { description: _, ...annotations } = own?.annotations ?? {};
		const hidden = hiddenByFormatters.has(name) ? FieldFlag.Hidden : 0;
		if (name === ours) {
			expect(annotations).toEqual({ ...field.annotations, 'columns.hidden': 'true' });
			expect(own?.flags).toBe(flagsOf(field) | FieldFlag.Hidden);
			return;
		}
		expect(annotations).toEqual(field.annotations);
		expect(own?.tags).toEqual(field.tags ?? []);
		expect((own?.flags ?? 0) | hidden).toBe(flagsOf(field) | hidden);
	});
});

describe('gadget.yaml on fields', () => {
	const metadata = {
		...emptyMetadata('x'),
		dataSources: {
			open: {
				annotations: { 'cli.clear-screen-before': 'true' },
				tags: ['mine'],
				fields: {
					'proc.comm': { annotations: { 'columns.width': '9', 'columns.hidden': 'true' }, tags: ['seen'] },
					timestamp_raw: { annotations: { 'columns.hidden': 'false' }, tags: [] },
					error: { annotations: { template: 'errorString', 'columns.alignment': 'right' }, tags: [] },
				},
			},
		},
	};
	const source = bare(reference('trace_open'));
	annotateDefaults(source);
	applyMetadata(source, metadata);
	const field = (name: string) => source.fields.find((candidate) => candidate.name === name);

	it('wins over defaults, and moves the hidden flag', () => {
		expect(field('proc.comm')?.annotations).toMatchObject({ 'columns.width': '9', 'columns.maxwidth': '16' });
		expect(field('proc.comm')?.tags).toContain('seen');
		expect((field('proc.comm')?.flags ?? 0) & FieldFlag.Hidden).toBe(FieldFlag.Hidden);
		expect((field('timestamp_raw')?.flags ?? FieldFlag.Hidden) & FieldFlag.Hidden).toBe(0);
		expect(source.annotations).toMatchObject({ 'cli.clear-screen-before': 'true' });
		expect(source.tags).toEqual(['mine']);
	});

	it('is kept for fields that operators will add', () => {
		expect(configuredFor(source, 'proc.comm')).toEqual({});
		expect(configuredFor(source, 'Error')).toEqual({
			template: 'errorString',
			'columns.width': '12',
			'columns.alignment': 'right',
		});
	});

	it('writes templates out, and what stands beside them wins', () => {
		expect(expand({ template: 'bytes', 'columns.width': '7' })).toEqual({
			template: 'bytes',
			'columns.width': '7',
			'columns.alignment': 'right',
		});
		expect(expand({ template: 'unknown' })).toEqual({ template: 'unknown' });
	});
});
