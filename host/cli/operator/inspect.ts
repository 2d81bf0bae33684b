/** `ig operator inspect`: what a module is, wants, adds and may do. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IgError } from '../../errors.js';
import { ABI_MARKER } from '../../operator/abi.js';
import { type Bounded, boundModule } from '../../operator/binary.js';
import { PAGE } from '../../operator/limits.js';
import { loadModule } from '../../operator/load.js';
import type { LoadedModule } from '../../operator/module.js';
import { ARRAY_OF, type DataSource, Kind } from '../../schema.js';
import type { Values } from '../flags.js';
import { printable } from '../report.js';
import { type Described, describeOperators } from './describe.js';
import { findSources } from './source.js';

const MAX_PAGES = 65536;

/** By data source. */
type Fields = Readonly<Record<string, readonly string[]>>;

interface OperatorReport {
	readonly name: string;
	readonly version: string;
	readonly description: string;
	readonly kind: string;
	readonly onError: string;
	readonly dataSources: readonly string[] | 'all';
	readonly params: readonly {
		readonly key: string;
		readonly description: string;
		readonly default?: string | undefined;
		readonly required: boolean;
	}[];
	readonly tables: readonly string[];
	readonly capabilities: readonly unknown[];
	readonly memoryPages: number;
	/** Absent when it could not be initialised. */
	readonly wants?: Fields;
	readonly adds?: Fields;
}

interface Report {
	readonly file: string;
	readonly bytes: number;
	readonly sha256: string;
	readonly door: string;
	readonly abi: number;
	readonly imports: readonly string[];
	readonly exports: readonly string[];
	/** 64 KiB pages. */
	readonly memory: { readonly imported: boolean; readonly initial: number; readonly maximum?: number } | undefined;
	/** Whose fields the operators were shown, or why they were not. */
	readonly fields: { readonly of: string } | { readonly unknown: string };
	readonly operators: readonly OperatorReport[];
}

const kindName = (kind: number): string => {
	const name = Object.entries(Kind).find(([, number]) => number === (kind & ~ARRAY_OF))?.[0] ?? String(kind);
	return `${name.toLowerCase()}${kind >= ARRAY_OF ? '[]' : ''}`;
};

function wantsOf({ plan, init }: Described, sources: readonly DataSource[]): Fields {
	const entries = plan.dataSources.map((ds): [string, string[]] => {
		const source = sources[ds] as DataSource;
		const wanted = init.wants[ds];
		return [source.name, wanted === undefined ? ['*'] : [...wanted].map((id) => source.fields[id]?.name ?? `#${id}`)];
	});
	return Object.fromEntries(entries);
}

/** Fields that it adds or overrides, and data sources of its own with their fields. */
function addsOf({ init }: Described, sources: readonly DataSource[]): Fields {
	const adds = new Map<string, string[]>();
	const known = sources.map(({ name, fields }) => ({ name, fields: fields.map((field) => field.name) }));
	for (const effect of init.effects) {
		if (effect.do === 'source') {
			known.push({ name: effect.name, fields: [] });
			adds.set(effect.name, []);
			continue;
		}
		if (effect.do !== 'add' && effect.do !== 'place' && effect.do !== 'override') continue;
		const source = known[effect.ds];
		if (source === undefined) continue;
		let text: string;
		if (effect.do === 'override') text = `${source.fields[effect.field] ?? '?'} (${kindName(effect.kind)}, instead of the gadget's)`;
		else {
			const name = effect.parent < 0 ? effect.name : `${source.fields[effect.parent] ?? '?'}.${effect.name}`;
			source.fields.push(name);
			text = `${name} (${kindName(effect.kind)})`;
		}
		adds.set(source.name, [...(adds.get(source.name) ?? []), text]);
	}
	return Object.fromEntries(adds);
}

/** What it needs from outside, what it offers, and its memory: of a component, that of its core modules. */
function surface(loaded: LoadedModule, bytes: Uint8Array): Pick<Report, 'imports' | 'exports' | 'memory'> {
	if (loaded.door === 'component') {
		const { imports, exports, memory, maxMemory } = loaded;
		return {
			imports,
			exports: exports.map(({ name }) => name),
			memory: { imported: false, initial: memory / PAGE, maximum: maxMemory / PAGE },
		};
	}
	return {
		imports: WebAssembly.Module.imports(loaded.module).map(({ module, name, kind }) => `${module}.${name} (${kind})`),
		exports: WebAssembly.Module.exports(loaded.module).map(({ name, kind }) => `${name} (${kind})`),
		memory: memoryOf(boundModule(bytes, { pages: MAX_PAGES, elements: 0xffffffff })),
	};
}

function memoryOf({ imported, own }: Bounded): Report['memory'] {
	const limits = imported ?? own;
	return (
		limits && {
			imported: imported !== undefined,
			initial: limits.initial,
			...(limits.maximum !== undefined && { maximum: limits.maximum }),
		}
	);
}

async function describe(
	loaded: LoadedModule,
	values: Values,
	log: (text: string) => void,
): Promise<{ fields: Report['fields']; described: readonly Described[]; sources: readonly DataSource[] }> {
	const found = await findSources(loaded, values.get('recording')?.at(-1), values.get('gadget')?.at(-1));
	if (found === undefined)
		return { fields: { unknown: 'no gadget here has its data sources; give one with --gadget' }, described: [], sources: [] };
	// A value for what it asks for, so that it starts; what it looks up seldom depends on it.
	const params = Object.fromEntries(
		loaded.manifest.operators.flatMap(({ params }) => (params ?? []).filter(({ required }) => required).map(({ key }) => [key, '0'])),
	);
	try {
		const described = await describeOperators(loaded, found.dataSources, params, log, values.get('grant'));
		return { fields: { of: found.of }, described, sources: found.dataSources };
	} catch (error) {
		if (!(error instanceof IgError)) throw error;
		return { fields: { unknown: error.message }, described: [], sources: [] };
	}
}

async function reportOf(file: string, values: Values): Promise<{ report: Report; log: readonly string[] }> {
	const loaded = await loadModule(file);
	const bytes = readFileSync(file);
	const log: string[] = [];
	const { fields, described, sources } = await describe(loaded, values, (text) => log.push(text));
	const report: Report = {
		...{
			file,
			bytes: bytes.length,
			sha256: createHash('sha256').update(bytes).digest('hex'),
			door: loaded.door,
			abi: Number(ABI_MARKER.slice(8)),
		},
		...surface(loaded, bytes),
		fields,
		operators: loaded.manifest.operators.map((operator, index) => {
			const { name, version, description, kind, onError, tables, capabilities, memoryPages } = operator;
			const own = described.find(({ plan }) => plan.index === index);
			return {
				...{ name, version, description, kind, onError, dataSources: operator.dataSources ?? 'all', params: operator.params ?? [] },
				...{ tables, capabilities, memoryPages },
				...(own && { wants: wantsOf(own, sources), adds: addsOf(own, sources) }),
			};
		}),
	};
	return { report, log };
}

const pages = (count: number): string => `${count} pages (${count * 64} KiB)`;
const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
const bySource = (fields: Fields): string =>
	list(Object.entries(fields).map(([source, names]) => `${source}: ${names.includes('*') ? 'all' : list(names)}`));

function textOf(report: Report): string[] {
	const { memory } = report;
	const most = (memory?.maximum ?? MAX_PAGES) >= MAX_PAGES ? 'as much as the limit below' : pages(memory?.maximum ?? 0);
	const lines: [string, string][] = [
		['file', `${report.file} (${(report.bytes / 1024).toFixed(1)} KiB, sha256 ${report.sha256.slice(0, 12)}…)`],
		['door', `${report.door}, ABI version ${report.abi}`],
		[
			'memory',
			memory === undefined ? 'unknown' : `${memory.imported ? "the host's" : 'its own'}, from ${pages(memory.initial)}, up to ${most}`,
		],
		['imports', list(report.imports)],
		['exports', list(report.exports)],
	];
	for (const operator of report.operators) {
		lines.push(
			['', ''],
			['operator', `${operator.name} ${operator.version}${operator.description === '' ? '' : `: ${operator.description}`}`],
			['kind', `${operator.kind}; when it fails: ${operator.onError}`],
			['data sources', operator.dataSources === 'all' ? 'all' : list(operator.dataSources)],
		);
		const params = operator.params.map((param) => `${param.key}=${param.required ? '(required)' : (param.default ?? '')}`);
		lines.push(['parameters', list(params)], ['side tables', list(operator.tables)]);
		lines.push(['capabilities', list(operator.capabilities.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))))]);
		lines.push(['memory limit', pages(operator.memoryPages)]);
		if (operator.wants !== undefined) lines.push(['fields wanted', bySource(operator.wants)]);
		if (operator.adds !== undefined) lines.push(['fields added', bySource(operator.adds)]);
	}
	const { fields } = report;
	lines.push(['', ''], ['fields', 'of' in fields ? `as of ${fields.of}` : `not known: ${fields.unknown}`]);
	return lines.map(([key, value]) => (key === '' ? '' : `${key.padEnd(14)}${value}`));
}

/** @returns the exit code */
export async function inspect(file: string | undefined, values: Values, help: string): Promise<number> {
	if (file === undefined) throw new IgError('IG_USAGE', { reason: 'inspect needs the file of a module', help });
	const mode = values.get('output')?.at(-1) ?? 'text';
	if (mode !== 'text' && mode !== 'json') {
		throw new IgError('IG_FLAG_VALUE', { flag: '--output', value: mode, reason: 'is neither text nor json', help });
	}
	const { report, log } = await reportOf(file, values);
	for (const line of log) process.stderr.write(`${printable(line)}\n`);
	if (mode === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
	else process.stdout.write(`${textOf(report).map(printable).join('\n')}\n`);
	return 0;
}
