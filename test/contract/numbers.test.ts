/** docs/operator-abi.md: the numbers in its tables are those of the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BatchHeader, ColumnHeader } from '../../host/ebpf/batch.js';
import { abiExports, MAX_STATE } from '../../host/operator/abi.js';
import { MAX_RECORD, MAX_SLOTS } from '../../host/operator/effects.js';
import { Errno } from '../../host/operator/errno.js';
import { importNames } from '../../host/operator/imports.js';
import { defaultLimits, MOST_MANIFEST_BYTES, MOST_MODULE_BYTES } from '../../host/operator/limits.js';
import { MAX_LOG } from '../../host/operator/lines.js';
import { MAX_EMITTED } from '../../host/pipeline/emission.js';
import { root } from '../support/pipeline.js';

const page = readFileSync(join(root, 'docs/operator-abi.md'), 'utf8');
const section = (heading: string): string => page.split(`\n${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
const words = (count: number): string => count.toLocaleString('en-US');
/** `BootOffset` as the page has it. */
const name = (key: string): string => key.replace(/(?<!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

test('errnos', () => {
	const found = [...section('## Errnos').matchAll(/\| (\d+) \| E(\w+) /g)].map(([, number, text]) => [text, Number(number)]);
	expect(new Map(found as [string, number][])).toEqual(new Map(Object.entries(Errno).filter(([, number]) => number !== 0)));
});

test('exports and imports', () => {
	const exported = [...section('## Exports').matchAll(/^\| `(\w+)` \| `\((.*?)\) -> i32`/gm)];
	expect(exported.map(([, text, params]) => [text, params?.split(',').length])).toEqual(
		expect.arrayContaining(Object.entries(abiExports).map(([text, { parameters }]) => [text, parameters])),
	);
	const imported = [...section('## Imports').matchAll(/^\| `(\w+)` \| `\(.*?\) -> i32`/gm)].map(([, text]) => `ig.${text}`);
	expect([...importNames].filter((text) => text.startsWith('ig.')).sort()).toEqual(imported.sort());
});

test('offsets in a batch', () => {
	const batch = section('## The batch');
	const [header = '', columns = ''] = batch.split('**Columns**');
	for (const [key, offset] of Object.entries(BatchHeader)) {
		if (key !== 'Size') expect(header).toMatch(new RegExp(`^\\| ${offset} \\| [ui]\\d+ \\| ${name(key)} \\|`, 'm'));
	}
	expect(header).toContain(`Header, ${BatchHeader.Size} bytes`);
	const column = { Field: 'field id', State: 'state', Validity: 'validity', Data: 'data', DataSize: 'data size' } as const;
	for (const [key, text] of Object.entries(column)) {
		expect(columns).toMatch(new RegExp(`^\\| ${ColumnHeader[key as keyof typeof column]} \\| u32 \\| ${text} \\|`, 'm'));
	}
	expect(columns).toContain(`a descriptor of ${ColumnHeader.Size} bytes`);
});

test('limits', () => {
	expect(page).toContain(`${MAX_LOG} bytes of a line`);
	expect(page).toContain(`(${defaultLimits.log}) the rest are counted`);
	expect(page).toContain(`more than ${MAX_SLOTS} columns`);
	expect(page).toContain(`bytes of a row, 1 to ${words(MAX_RECORD)}`);
	expect(page).toContain(`more than ${words(defaultLimits.rows)} rows (\`--operator-limit rows=N\`) or ${MAX_EMITTED >> 20} MiB`);
	expect(page).toContain(`more than ${defaultLimits.metrics} metrics`);
	expect(page).toContain(`at most ${MAX_STATE >> 20} MiB`);
	expect(page).toContain(`JSON (schema: \`docs/manifest.schema.json\`), at most ${MOST_MANIFEST_BYTES >> 20} MiB`);
	expect(page).toContain(`a file of at most ${MOST_MODULE_BYTES >> 20} MiB`);
	expect(page).toContain(`tables of at most ${words(defaultLimits.elements)} elements`);
});
