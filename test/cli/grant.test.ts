import { describe, expect, it } from 'vitest';
import { decideGrants, parseGrants } from '../../host/cli/grant.js';
import type { OperatorManifest } from '../../host/operator/manifest.js';
import { errorOf } from '../support/errors.js';

function manifest(name: string, capabilities: string[], tables: string[] = []): OperatorManifest {
	return {
		...{ name, version: '1', description: '', kind: 'filter', adds: [], onError: 'pass', memoryPages: 16 },
		...{ capabilities, tables },
	};
}

function decide(texts: readonly string[], ...manifests: OperatorManifest[]) {
	const warnings: string[] = [];
	const grantsOf = decideGrants(parseGrants(texts, 'help'), manifests, 'help', (_, text) => warnings.push(text));
	return { granted: manifests.map(grantsOf), warnings };
}

const all = manifest('agg', ['emit:opens', 'metric', 'map:start:rw', 'map:other', 'table:pods'], ['users']);

describe('grants', () => {
	it('are what does no harm, when nothing is said; what is missing is told with the way to give it', () => {
		const { granted, warnings } = decide([], all);
		expect(granted[0]?.sort()).toEqual(['emit:opens', 'log', 'metric', 'table:users']);
		expect(warnings).toEqual([
			'operator agg asks for map:start:rw and does not get it; to grant it: --grant agg=map:start:rw',
			'operator agg asks for map:other and does not get it; to grant it: --grant agg=map:other',
			'operator agg asks for table:pods and does not get it; to grant it: --grant agg=table:pods',
		]);
	});

	it('add up over the flags, and a map can be granted to be read only', () => {
		const { granted } = decide(['agg=map:start', 'agg=table:pods,map:other'], all);
		expect(granted[0]).toEqual(expect.arrayContaining(['map:start', 'map:other', 'table:pods']));
		expect(granted[0]).not.toContain('map:start:rw');
		expect(decide(['agg=map:start:rw'], all).granted[0]).toContain('map:start:rw');
	});

	it('for writing are for reading, too, when only that is asked for', () => {
		expect(decide(['agg=map:other:rw'], all).granted[0]).toContain('map:other');
	});

	it('can be all, which is told loudly', () => {
		const { granted, warnings } = decide(['all'], all, manifest('plain', []));
		expect(granted[0]).toEqual(expect.arrayContaining(['map:start:rw', 'map:other', 'table:pods']));
		expect(granted[1]).toEqual(['log']);
		expect(warnings).toEqual([
			'operator agg is granted all that it asks for: map:start:rw, map:other, table:pods',
			'--grant all: operators get whatever they ask for, without a look at who asks',
		]);
	});

	it('can be none of what comes anyway', () => {
		expect(decide(['agg=none,metric'], all).granted[0]?.sort()).toEqual(['log', 'metric']);
	});

	it('never are what this ig does not have', () => {
		const { granted, warnings } = decide(['all'], manifest('new', ['teleport']));
		expect(granted[0]).toEqual(['log']);
		expect(warnings[0]).toBe("operator new asks for 'teleport', which this ig does not have");
	});

	it.each([
		['agg', /neither all nor NAME=CAPABILITY/],
		['ag=metric', /not in this run \(did you mean agg\?\)/],
		['agg=map:strat', /does not ask for \(did you mean map:start\?\)/],
		['agg=fly', /cannot have.*it asks for log, table:users, emit:opens/],
	])('%s is wrong usage', (text, message) => {
		const error = errorOf(() => decide([text], all));
		expect(error.code).toBe('IG_FLAG_VALUE');
		expect(error.exit).toBe(2);
		expect(error.message).toMatch(message);
	});

	describe('of WASI', () => {
		const wasi = manifest('wasi', ['args', 'env:WORD', 'file:/etc/services', 'dir:/data']);

		it('are for who says so, and the hint has the flag', () => {
			const { granted, warnings } = decide([], wasi);
			expect(granted[0]).toEqual(['log']);
			expect(warnings).toContain('operator wasi asks for args and does not get it; to grant it: --grant wasi=arg:TEXT');
			expect(warnings).toContain('operator wasi asks for dir:/data and does not get it; to grant it: --grant wasi=dir:/data');
		});

		it('may say what is behind them', () => {
			const { granted, warnings } = decide(['wasi=arg:a,arg:b,env:WORD=x=y,file:/etc/services=/tmp/s', 'wasi=dir:/data'], wasi);
			expect(granted[0]).toEqual(['log', 'arg:a', 'arg:b', 'env:WORD=x=y', 'file:/etc/services=/tmp/s', 'dir:/data']);
			expect(warnings).toEqual([]);
		});

		it.each([
			['env:WORDS=x', /names 'env:WORDS=x', which wasi does not ask for \(did you mean env:WORD\?\)/],
			['file:/etc/shadow', /which wasi does not ask for/],
			['file:/etc/../shadow', /which wasi cannot have/],
			['dir:data', /which wasi cannot have/],
			['file:/data', /which wasi does not ask for/],
		])('%s is refused', (capability, message) => {
			expect(() => decide([`wasi=${capability}`], wasi)).toThrow(message);
		});

		it('with paths that are none do not exist', () => {
			for (const wish of ['file:/etc/../shadow', 'dir:/data/', 'file:', 'dir:data', 'file:/a=b', 'env:A-B', 'file:/', 'file:/a\nb']) {
				expect(decide([], manifest('wasi', [wish])).warnings[0], wish).toMatch(/which this ig does not have/);
			}
		});
	});
});
