/** gadget.yaml in full: every kind of parameter, the older layout, patches, and what is wrong with a file. */
import { describe, expect, it } from 'vitest';
import { IgError } from '../../host/errors.js';
import type { Gadget } from '../../host/gadget/gadget.js';
import { patchGadget } from '../../host/gadget/metadata-custom.js';
import { checkMetadata, parseMetadata } from '../../host/gadget/metadata-file.js';

const parse = (text: string) => parseMetadata(text, 'gadget.yaml', 'mine');
const problems = (text: string) =>
	checkMetadata(text, 'gadget.yaml', 'mine').problems.map(
		({ severity, line, column, reason }) => `${severity} ${line}:${column} ${reason}`,
	);

function gadget(text: string): Gadget {
	return { name: 'mine', reference: 'mine', object: undefined, operator: undefined, ...parse(text) };
}

describe('the older layout', () => {
	const old = `
name: old
tracers:
  open:
    mapName: events
    structName: event
structs:
  event:
    fields:
    - name: comm
      description: Command
      attributes: {template: comm, width: 20}
    - name: fname
      annotations: {columns.hidden: true}
ebpfParams:
  targ_failed: {key: failed, defaultValue: 'false'}
`;

	it('is read', () => {
		const { metadata } = parse(old);
		expect(metadata.dataSources.open?.fields).toEqual({
			comm: { annotations: { description: 'Command', template: 'comm', 'columns.width': '20' }, tags: [] },
			fname: { annotations: { 'columns.hidden': 'true' }, tags: [] },
		});
		expect(metadata.params.targ_failed).toMatchObject({ key: 'failed', defaultValue: 'false' });
	});

	it('is warned of, where it stands', () => {
		expect(parse(old).warnings).toEqual([
			"gadget.yaml:3:1: 'tracers' is the layout of older versions: write it as datasources",
			"gadget.yaml:7:1: 'structs' is the layout of older versions: write it as datasources",
			"gadget.yaml:15:1: 'ebpfParams' is the layout of older versions: write it as params.ebpf",
		]);
	});

	it("gives way to today's", () => {
		const { metadata } = parse(`${old}datasources: {open: {fields: {comm: {annotations: {columns.width: 9}}}}}\n`);
		expect(metadata.dataSources.open?.fields.comm?.annotations).toMatchObject({ 'columns.width': '9', template: 'comm' });
	});
});

describe('custom parameters', () => {
	const text = `
operator: {process: {interval: 60s}}
params:
  custom:
    interval:
      defaultValue: 5s
      alias: i
      patch:
        operator: {process: {interval: '{{call .getParamValue "custom.interval"}}', was: '{{ call .getConfig "operator.process.interval" }}'}}
    look:
      values:
        wide: {patch: {datasources: {processes: {fields: {comm: {annotations: {columns.width: 40}}}}}}}
        narrow:
`;
	const patched = async (given: Readonly<Record<string, string>>, source = text) =>
		(await patchGadget(gadget(source), (key) => given[key])).metadata;

	it('patch what the file says, with their values', async () => {
		expect((await patched({ interval: '2s' })).operator).toEqual({ 'process.interval': '2s', 'process.was': '60s' });
		expect((await patched({})).operator['process.interval']).toBe('5s');
	});

	it('patch by value', async () => {
		expect((await patched({ look: 'wide' })).dataSources.processes?.fields.comm?.annotations).toEqual({ 'columns.width': '40' });
		expect((await patched({ look: 'narrow' })).dataSources).toEqual({});
		expect(gadget(text).metadata.customParams.look?.possibleValues).toEqual(['wide', 'narrow']);
		await expect(patched({ look: 'round' })).rejects.toMatchObject({ code: 'IG_PARAM' });
	});

	it('cannot patch themselves, nor call what there is not', async () => {
		const bad = (patch: string) => `params: {custom: {x: {defaultValue: a, patch: ${patch}}}}\n`;
		for (const patch of ['{params: {custom: {y: {}}}}', '{name: "{{call .rm \\"x\\"}}"}', '{name: "{{ .x }}"}', '{datasources: {a: 1}}']) {
			await expect(patched({}, bad(patch)), patch).rejects.toMatchObject({ code: 'IG_GADGET_INVALID' });
		}
	});

	it('leave a gadget without them as it is', async () => {
		const plain = gadget('name: x\n');
		expect(await patchGadget(plain, () => undefined)).toBe(plain);
	});
});

describe('all that is wrong with a file', () => {
	it('is said at once, in its order', () => {
		expect(
			problems(`name: [1]
datasources:
  open:
    feilds: {}
    fields:
      fname: {annotations: {columns.alignment: rihgt, columns.width: wide, template: com}}
params:
  ebpf:
    x: {alias: long, defaultvalue: {}}
    y: {defautValue: 1}
hooks: {a: [{program: [x]}]}
`),
		).toEqual([
			'error 1:7 name: must be a text',
			"warning 4:5 unknown key 'feilds' (did you mean fields?)",
			'error 9:16 params.ebpf.x.alias: must be one letter',
			'error 9:36 params.ebpf.x.defaultvalue: must be a text, a number or a boolean',
			"warning 10:9 unknown key 'defautValue' (did you mean defaultValue?)",
			'error 11:13 hooks.a.0.programs: must be a list of programs',
			"warning 11:14 unknown key 'program' (did you mean programs?)",
		]);
		expect(problems('datasources: {o: {fields: {f: {annotations: {columns.alignment: rihgt, template: com, columns.width: x}}}}}')).toEqual(
			[
				"warning 1:65 'rihgt' is no columns.alignment (did you mean right?)",
				"warning 1:82 'com' is no template (did you mean comm?)",
				"warning 1:102 columns.width must be a number of characters, this is 'x'",
			],
		);
	});

	it('is an error of its own, never a crash, for files of every shape', () => {
		let state = 42;
		const below = (most: number): number => {
			state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
			return (state >>> 8) % most;
		};
		const keys = [
			...['name', 'datasources', 'params', 'ebpf', 'custom', 'wasm', 'hooks', 'fields', 'annotations', 'tags', 'tracers', 'structs'],
			...['structName', 'patch', 'values', 'programs', 'operator', 'paramDefaults', '__proto__', 'constructor', '', '1', 'x', '? a'],
		];
		const leaves = [
			'',
			'~',
			'1',
			'-1.5e9',
			'true',
			'"{{call .x}}"',
			"'",
			'[',
			'{',
			'&a x',
			'*a',
			'!!binary x',
			'!x y',
			'|',
			'>',
			'- ',
			'\t',
			'\u0000',
			'<<: *a',
			'2020-01-01',
		];
		const value = (depth: number): string => {
			const choice = below(depth === 0 ? 2 : 5);
			const many = () => Array.from({ length: below(4) }, () => value(depth - 1));
			if (choice <= 1) return leaves[below(leaves.length)] as string;
			if (choice === 2) return `[${many().join(', ')}]`;
			return `{${many()
				.map((inner) => `${keys[below(keys.length)]}: ${inner}`)
				.join(', ')}}`;
		};
		for (let i = 0; i < 3000; i++) {
			const text = Array.from({ length: 1 + below(4) }, () => `${keys[below(keys.length)]}: ${value(4)}`).join('\n');
			try {
				parse(text);
			} catch (error) {
				if (!(error instanceof IgError) || error.code !== 'IG_METADATA')
					throw new Error(`${JSON.stringify(text)}: ${String(error)}`, { cause: error });
				expect(error.details.line).toBeGreaterThan(0);
			}
		}
	});
});
