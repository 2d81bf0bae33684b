/** Gadgets without a schema to compare with (reference.test.ts) are what Inspektor Gadget's sources declare. */
import { expect, it } from 'vitest';
import { finalSources } from '../../host/cli/fields-help.js';
import { builtInGadgets, openGadget } from '../../host/gadget/gadget.js';
import { inspectGadget } from '../../host/gadget/instance.js';
import { declared } from '../reference/declared.js';
import { kindOf, references } from '../support/reference.js';

it.each(Object.entries(declared))('%s', async (name, { source: expected, type, fields, annotations, params }) => {
	const opened = inspectGadget(await openGadget(name));
	try {
		const [source] = opened.dataSources;
		expect(source).toMatchObject({ name: expected, type, annotations: annotations[''] ?? {} });
		// A map's key comes before its value in our records.
		const keys = (source?.fields ?? []).filter(({ tags }) => tags.includes('role:key'));
		const start = Math.max(0, ...keys.map((key) => key.offset + key.size));
		for (const [field, [kind, offset, size]] of Object.entries(fields)) {
			const found = source?.fields.find((one) => one.name === field);
			const base = found === undefined || keys.includes(found) ? 0 : start;
			const place = { kind: kindOf({ name: field, kind, offset, size, annotations: {} }), offset: offset + base, size };
			expect(found, field).toMatchObject(place);
		}
		const all = (await finalSources(opened)).find((one) => one.name === expected);
		for (const [field, given] of Object.entries(annotations)) {
			if (field !== '') expect(all?.fields.find((one) => one.name === field)?.annotations, field).toMatchObject(given);
		}
		const flags = Object.fromEntries(opened.params.map((param) => [param.key, `${param.type} ${param.default}`]));
		expect(flags).toEqual(params);
	} finally {
		opened.close();
	}
});

it('each gadget is compared with something', () => {
	expect(builtInGadgets().filter((name) => !references.includes(name) && !(name in declared))).toEqual([]);
});
