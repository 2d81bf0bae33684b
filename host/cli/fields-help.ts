/** The fields of a gadget, for its help: those of the kernel's records, and those that operators add. */
import { existsSync } from 'node:fs';
import type { OpenedGadget } from '../gadget/instance.js';
import { wasmParamValues } from '../gadget/wasm-params.js';
import { modulePlan } from '../operator/module.js';
import { startPipeline } from '../pipeline/pipeline.js';
import { built } from '../root.js';
import { ARRAY_OF, type DataSource, type Field, FieldFlag, Kind } from '../schema.js';
import { loadBuiltin } from './builtin.js';
import { buildChain } from './chain.js';
import { commonOptions } from './options.js';
import { makeLog } from './report.js';
import { loadOperators } from './run.js';

const names = new Map(Object.entries(Kind).map(([name, kind]) => [kind as number, name.toLowerCase()]));

export function kindName(kind: number): string {
	const base = names.get(kind & ~ARRAY_OF) ?? 'unknown';
	return `${base === 'cstring' ? 'string' : base}${(kind & ARRAY_OF) === 0 ? '' : '[]'}`;
}

function about(field: Field): string {
	const oneOf = field.annotations['value.one-of'];
	const choices = oneOf === undefined ? '' : oneOf.length > 60 ? ` One of: ${oneOf.slice(0, 57)}...` : ` One of: ${oneOf}`;
	return `${(field.annotations.description ?? '').replace(/\s+/g, ' ').trim()}${choices}`.trim();
}

/** Fields one a line: `*` marks those that are columns by default. Parents that only hold others are left out. */
export function fieldsTable(source: DataSource): string {
	const hidden = FieldFlag.Empty | FieldFlag.Unreferenced;
	const parents = new Set(source.fields.map((field) => field.parent));
	const rows = source.fields
		.filter((field) => (field.flags & hidden) === 0 && !parents.has(field.id))
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.map((field) => ({
			mark: (field.flags & FieldFlag.Hidden) === 0 ? '*' : ' ',
			name: field.name,
			kind: kindName(field.kind),
			text: about(field),
		}));
	const width = Math.max(...rows.map(({ name }) => name.length));
	const kindWidth = Math.max(...rows.map(({ kind }) => kind.length));
	const lines = rows.map(({ mark, name, kind, text }) => `  ${mark} ${name.padEnd(width)}  ${kind.padEnd(kindWidth)}  ${text}`.trimEnd());
	const description = source.annotations.description;
	return [
		`Fields of data source ${source.name}${description === undefined ? '' : ` (${description})`}, * shown by default:`,
		...lines,
	].join('\n');
}

/** The schema after all operators have had their say; without the built-in module, the kernel's part of it. */
export async function finalSources(opened: OpenedGadget): Promise<readonly DataSource[]> {
	if (!existsSync(built('operators', 'builtin.wasm'))) return opened.dataSources;
	const builtin = await loadBuiltin();
	const options = commonOptions(new Map([['output', ['none']]]), '');
	const users = await loadOperators(options, opened.gadget, wasmParamValues(opened.gadget.metadata));
	const pipeline = startPipeline({
		dataSources: opened.dataSources,
		source: { kind: 'live', handle: 0n, inputs: [] },
		modules: [builtin, ...users.map((user) => user.loaded)].map(modulePlan),
		operators: buildChain({
			sources: opened.dataSources,
			builtin,
			users,
			options,
			terminalWidth: undefined,
			around: 0,
			arch: process.arch,
			log: makeLog(false),
		}),
		...{ outputFd: 1, batch: { maxRows: 1, maxBytes: 4096, flushMs: 10 }, describeOnly: true },
	});
	try {
		return await pipeline.ready;
	} finally {
		await pipeline.ended;
	}
}

export async function fieldsText(opened: OpenedGadget): Promise<string> {
	return (await finalSources(opened)).map(fieldsTable).join('\n\n');
}
