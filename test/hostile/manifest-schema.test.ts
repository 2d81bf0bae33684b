/** The published schema of manifests and the validator that the host uses say the same. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { manifestSchema, readManifest } from '../../host/operator/manifest.js';
import { withManifest } from './modules.js';
import { hostile } from './table.js';

const published = readFileSync(new URL('../../docs/manifest.schema.json', import.meta.url), 'utf8');
const schema = z.fromJSONSchema(JSON.parse(published));
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

function accepted(manifest: unknown): boolean {
	try {
		readManifest(new WebAssembly.Module(withManifest(EMPTY_MODULE, JSON.stringify(manifest))), 'operator.wasm');
		return true;
	} catch {
		return false;
	}
}

function expectAgreement(manifest: unknown): void {
	expect(schema.safeParse(manifest).success, JSON.stringify(manifest)).toBe(accepted(manifest));
}

const complete = {
	name: 'drop-root',
	version: '1.0.0',
	description: 'Drops events of uid 0',
	kind: 'filter',
	dataSources: ['open'],
	fields: ['proc.creds.uid'],
	adds: ['shout'],
	tables: ['users'],
	params: [{ key: 'uid', description: 'uid to drop', default: '0', required: true }],
	capabilities: ['metric', 'emit:opens', 'map:start:rw'],
	onError: 'pass',
	memoryPages: 256,
};

test('the published schema is the one that the host checks by (node scripts/manifest-schema.mjs writes it)', () => {
	expect(published).toBe(manifestSchema());
});

test('the example of the contract is valid for both', () => {
	expect(schema.safeParse({ operators: [complete] }).success).toBe(true);
	expect(accepted({ operators: [complete] })).toBe(true);
});

describe('the lying manifests', () => {
	const texts = hostile.flatMap(({ name, manifest }) => (manifest?.endsWith('}') ? [[name, manifest] as const] : []));
	test.each(texts)('%s', (_, text) => expectAgreement(JSON.parse(text)));
});

test('both agree on any value in the place of any key', () => {
	const value = fc.oneof(
		fc.constantFrom('', 'x', 'format', 'drop', 'users', 'a b', 'x'.repeat(5000), 0, 1, -1, 1.5, 65536, 65537, true, null),
		fc.array(fc.constantFrom('users', 'groups', '', 'x', 7, null), { maxLength: 3 }),
		fc.array(
			fc.record(
				{ key: fc.constantFrom('a', 'a.b', 'a b', '', 3), default: fc.constantFrom('', 1), more: fc.constant(1) },
				{ requiredKeys: [] },
			),
			{
				maxLength: 2,
			},
		),
	);
	const key = fc.constantFrom(...Object.keys(complete), 'unknown');
	fc.assert(
		fc.property(key, value, (where, what) => expectAgreement({ operators: [{ ...complete, [where]: what }] })),
		{ numRuns: 500 },
	);
});

test('both agree on the number of operators', () => {
	for (const count of [0, 1, 64, 65]) expectAgreement({ operators: Array.from({ length: count }, () => complete) });
});
