import { describe, expect, it } from 'vitest';
import { buildChain, type ChainInput } from '../../host/cli/chain.js';
import type { OperatorSpec } from '../../host/cli/operator-spec.js';
import { commonOptions } from '../../host/cli/options.js';
import { IgError } from '../../host/errors.js';
import type { LoadedModule } from '../../host/operator/module.js';
import { bare, reference } from '../support/reference.js';

/** An empty module: what the chain needs of one is its manifest. */
const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
type Operator = LoadedModule['manifest']['operators'][number];
const loaded = (file: string, ...operators: (Partial<Operator> & { name: string })[]): LoadedModule => ({
	door: 'core',
	module: empty,
	file,
	maxMemory: 1 << 20,
	manifest: {
		operators: operators.map((operator) => ({
			...{ version: '1', description: '', kind: 'filter', adds: [], tables: [], capabilities: [], onError: 'pass', memoryPages: 16 },
			...operator,
		})),
	},
});
const builtin = loaded(
	'builtin.wasm',
	{ name: 'formatters', kind: 'enrich', tables: ['users', 'groups'] },
	{ name: 'filter' },
	{ name: 'limiter' },
	{ name: 'columns', kind: 'format' },
	{ name: 'json', kind: 'format', params: [{ key: 'pretty', description: '', default: 'false', required: false }] },
	{ name: 'yaml', kind: 'format' },
);
const open = bare(reference('trace_open'));

function build(flags: Readonly<Record<string, string>>, changes: Partial<ChainInput> = {}) {
	const values = new Map(Object.entries(flags).map(([name, value]) => [name, [value]]));
	const warnings: string[] = [];
	const plans = buildChain({
		...{ sources: [open], builtin, users: [], options: commonOptions(values, 'help'), terminalWidth: undefined, around: 0, arch: 'x64' },
		log: (_, text) => warnings.push(text),
		...changes,
	});
	return { plans, names: plans.map((plan) => plan.name), warnings };
}
const user = (module: LoadedModule, place: OperatorSpec['place'] = 'before-formatters', params = {}) => ({
	spec: { file: module.file, params, place },
	loaded: module,
});
const codeOf = (run: () => unknown): unknown => {
	try {
		run();
	} catch (error) {
		return error instanceof IgError ? error.code : error;
	}
	return undefined;
};

describe('the chain', () => {
	it('is formatters and columns when nothing is asked for', () => {
		expect(build({}).names).toEqual(['formatters', 'columns']);
	});

	it('puts every operator in its place', () => {
		const mine = loaded('a.wasm', { name: 'a' });
		const users = [user(mine, 'last'), user(mine), user(loaded('b.wasm', { name: 'b' }), 'after-formatters'), user(mine)];
		const flags = { filter: 'fd>3', 'max-entries': '5', output: 'json' };
		const { names, plans } = build(flags, { users });
		expect(names).toEqual(['a', 'a#2', 'filter', 'formatters', 'b', 'limiter', 'a#3', 'json']);
		expect(plans.map((plan) => plan.module)).toEqual([2, 4, 0, 0, 3, 0, 1, 0]);
		expect(plans.find((plan) => plan.name === 'limiter')?.params).toEqual({ 'max-entries': '5' });
	});

	it('filters late when a filter needs texts', () => {
		expect(build({ filter: 'error==ENOENT' }).names).toEqual(['formatters', 'filter', 'columns']);
		const { plans } = build({ 'filter-expr': 'fd > 3', filter: 'proc.pid==1' });
		expect(plans[0]).toMatchObject({ name: 'filter', params: { filter: 'proc.pid==1', 'filter-expr': 'fd > 3' } });
	});

	it('wants to know which data source a filter is for', () => {
		const sources = [open, { ...open, name: 'other' }];
		expect(codeOf(() => build({ filter: 'fd>3' }, { sources }))).toBe('IG_USAGE');
		const { plans } = build({ 'filter.other': 'fd>3', output: 'open:none,other:json' }, { sources });
		expect(plans.map((plan) => [plan.name, plan.dataSources])).toEqual([
			['filter', [1]],
			['formatters', [0, 1]],
			['json', [1]],
		]);
	});

	it('knows the output modes', () => {
		expect(build({ output: 'none' }).names).toEqual(['formatters']);
		expect(build({ output: 'jsonpretty' }).plans.at(-1)).toMatchObject({ name: 'json', params: { pretty: 'true' } });
		expect(build({ output: 'json' }).plans.at(-1)).toMatchObject({ name: 'json', params: { pretty: 'false' } });
		expect(build({ fields: '+error' }, { terminalWidth: 80 }).plans.at(-1)?.params).toEqual({ 'terminal-width': '80', fields: '+error' });
		expect(codeOf(() => build({ output: 'xml' }))).toBe('IG_FLAG_VALUE');
		const special = { ...open, annotations: { 'cli.supported-output-modes': 'json,yaml', 'cli.default-output-mode': 'yaml' } };
		expect(build({}, { sources: [special] }).names.at(-1)).toBe('yaml');
		const { names, warnings } = build({ output: 'columns' }, { sources: [special] });
		expect(names).toEqual(['formatters']);
		expect(warnings[0]).toContain('only as yaml, json');
	});

	it('lets a format of the user take the place of -o', () => {
		const csv = loaded('csv.wasm', { name: 'csv', kind: 'format' });
		expect(build({ output: 'json' }, { users: [user(csv)] }).names).toEqual(['formatters', 'csv']);
		expect(codeOf(() => build({}, { users: [user(csv), user(csv)] }))).toBe('IG_OPERATOR_FILE');
	});

	it('checks parameters against the manifest, and fills in defaults', () => {
		const params = [
			{ key: 'prefix', description: '', default: '/', required: false },
			{ key: 'uid', description: '', required: true },
		];
		const mine = loaded('a.wasm', { name: 'a', params });
		expect(build({}, { users: [user(mine, 'last', { uid: '0' })] }).plans[1]?.params).toEqual({ prefix: '/', uid: '0' });
		expect(codeOf(() => build({}, { users: [user(mine)] }))).toBe('IG_OPERATOR_FILE');
		expect(codeOf(() => build({}, { users: [user(mine, 'last', { uid: '0', prefx: 'x' })] }))).toBe('IG_OPERATOR_PARAM');
	});

	it('gives an operator the data sources that it is for', () => {
		const sources = [open, { ...open, name: 'other' }];
		const mine = loaded('a.wasm', { name: 'a', dataSources: ['other'] });
		expect(build({}, { sources, users: [user(mine)] }).plans[0]?.dataSources).toEqual([1]);
		expect(codeOf(() => build({}, { users: [user(mine)] }))).toBe('IG_OPERATOR_FILE');
	});
});
