/** `ig image inspect` beside Inspektor Gadget's own schemas. */
import { describe, expect, it } from 'vitest';
import { builtInGadgets } from '../../host/gadget/gadget.js';
import { FieldFlag } from '../../host/schema.js';
import { ig } from '../support/cli.js';
import { flagsOf, kindOf, reference, references } from '../support/reference.js';

interface FieldJson {
	readonly name: string;
	readonly fullName: string;
	readonly offs?: number;
	readonly size?: number;
	readonly flags?: number;
	readonly kind?: number;
	readonly tags?: readonly string[];
	readonly annotations?: Readonly<Record<string, string>>;
}

interface SourceJson {
	readonly name: string;
	readonly type: number;
	readonly fields: readonly FieldJson[];
}

/** Its data source is drawn there, and a field there is text (test/reference/differences.ts). */
const drawn = 'profile_blockio';

describe.each(builtInGadgets().filter((name) => references.includes(name) && name !== drawn))('%s', (name) => {
	it("has Inspektor Gadget's data sources and fields, by its names", async () => {
		const { stdout, code } = await ig(['image', 'inspect', name, '--show-datasources', '-o', 'json']);
		expect(code).toBe(0);
		const ours = JSON.parse(stdout) as SourceJson[];
		for (const source of reference(name).dataSources) {
			const found = ours.find((one) => one.name === source.name);
			expect(found?.type, source.name).toBe(source.type === 'array' ? 2 : 1);
			// Inspektor Gadget counts offsets from the start of the key or of the value; ours are one record.
			const isMap = source.fields.some(({ tags }) => tags?.includes('role:key'));
			for (const field of source.fields) {
				// Stacks and containers are for other parts to add.
				if (!field.tags?.includes('src:ebpf')) continue;
				const own = found?.fields.find((one) => one.fullName === field.name);
				expect(own, field.name).toMatchObject({ fullName: field.name, tags: field.tags });
				// Arguments of a program become one text.
				if (field.name !== 'args') expect(own?.kind, field.name).toBe(kindOf(field));
				expect([isMap ? field.offset : (own?.offs ?? 0), own?.size ?? 0], field.name).toEqual([field.offset, field.size]);
				expect((own?.flags ?? 0) & ~FieldFlag.Hidden, field.name).toBe(flagsOf(field) & ~FieldFlag.Hidden);
			}
		}
	});
});

describe('ig image inspect', () => {
	it('says it as YAML, too, and all of a gadget', async () => {
		expect((await ig(['image', 'inspect', 'trace_open', '-o', 'yaml'])).stdout).toMatch(/^name: trace open\nimageName: trace_open\n/);
		expect(await ig(['image', 'inspect', 'trace_open', '-o', 'xml'])).toMatchObject({ code: 2 });
		expect(await ig(['image', 'inspect'])).toMatchObject({ code: 2 });
		expect(await ig(['image', 'inspcet', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean inspect?') });
	});
});
