import { describe, expect, it } from 'vitest';
import { IgError } from '../../host/errors.js';
import { parseMetadata } from '../../host/gadget/metadata-file.js';
import { readPrepared, writePrepared } from '../../host/gadget/prepared.js';

const parse = (text: string) => parseMetadata(text, 'gadget.yaml', 'mine');

function errorOf(text: string): IgError {
	try {
		parse(text);
	} catch (error) {
		if (error instanceof IgError) return error;
		throw error;
	}
	throw new Error('no error');
}

describe('gadget.yaml', () => {
	it('reads what a gadget says', () => {
		const { metadata, warnings } = parse(`
name: trace_open
description: trace files
homepageURL: https://example.org/
datasources:
  open:
    annotations: {cli.clear-screen-before: true}
    fields:
      fname:
        annotations: {columns.width: 32, description: the name}
      runtime.containerName:
        annotations: {columns.hidden: True}
      bare:
params:
  ebpf:
    targ_failed: {key: failed, defaultValue: false, description: only failed}
paramDefaults: {operator.cli.output: json}
hooks:
  openat: [{programs: [one], needs: ['helper:bpf_task_pt_regs']}, {programs: [a, b]}]
`);
		expect(warnings).toEqual([]);
		expect(metadata.name).toBe('trace_open');
		expect(metadata.homepageUrl).toBe('https://example.org/');
		expect(metadata.dataSources.open?.annotations).toEqual({ 'cli.clear-screen-before': 'true' });
		expect(metadata.dataSources.open?.fields.fname?.annotations).toEqual({ 'columns.width': '32', description: 'the name' });
		expect(metadata.dataSources.open?.fields['runtime.containername']?.annotations).toEqual({ 'columns.hidden': 'true' });
		expect(metadata.dataSources.open?.fields.bare).toEqual({ annotations: {}, tags: [] });
		expect(metadata.params.targ_failed).toMatchObject({ key: 'failed', defaultValue: 'false', description: 'only failed' });
		expect(metadata.paramDefaults).toEqual({ 'operator.cli.output': 'json' });
		expect(metadata.hooks.openat).toEqual([
			{ programs: ['one'], needs: ['helper:bpf_task_pt_regs'] },
			{ programs: ['a', 'b'], needs: [] },
		]);
	});

	it('has keys in any case, as Inspektor Gadget', () => {
		const { metadata } = parse('Name: x\ndataSources:\n  Open:\n    Fields:\n      FName: {Annotations: {Columns.Width: 1}}\n');
		expect(metadata.name).toBe('x');
		expect(metadata.dataSources.open?.fields.fname?.annotations).toEqual({ 'columns.width': '1' });
	});

	it('may be empty', () => {
		expect(parse('').metadata.name).toBe('mine');
		expect(parse('datasources:\nparams:\n').metadata.dataSources).toEqual({});
	});

	it('shows the line of a mistake in its structure', () => {
		const error = errorOf('name: x\ndatasources:\n  open:\n    fields: [fname]\n');
		expect(error.code).toBe('IG_METADATA');
		expect(error.details).toMatchObject({ file: 'gadget.yaml', line: 4, column: 13 });
		expect(error.message).toContain('> 4 |     fields: [fname]');
		expect(error.message).toContain('    |             ^');
	});

	it('shows the line of a mistake in its syntax', () => {
		const error = errorOf('name: x\ndescription: "open\n');
		expect(error.code).toBe('IG_METADATA');
		expect(error.message).toMatch(/^gadget\.yaml:\d+:\d+: .*\n[ >] /);
	});

	it('refuses a list where a map must be, a name that is none, and a hook without a way', () => {
		expect(errorOf('- a\n- b\n').code).toBe('IG_METADATA');
		expect(errorOf('\nname: [x]\n').details.line).toBe(2);
		expect(errorOf('hooks: {openat: []}\n').code).toBe('IG_METADATA');
	});

	it('warns of keys that it does not know', () => {
		expect(parse('name: x\ndatasource: {}\n').warnings).toEqual(["gadget.yaml:2:1: unknown key 'datasource' (did you mean datasources?)"]);
	});
});

describe('the prepared copy', () => {
	it('is used for exactly the text that it was made of', () => {
		const text = 'name: x\n';
		const copy = writePrepared(text, parse(text));
		expect(readPrepared(copy, text)?.metadata.name).toBe('x');
		expect(readPrepared(copy, `${text} `)).toBeUndefined();
		expect(readPrepared('{"version":0}', text)).toBeUndefined();
		expect(readPrepared('not json', text)).toBeUndefined();
		expect(readPrepared(undefined, text)).toBeUndefined();
	});
});
