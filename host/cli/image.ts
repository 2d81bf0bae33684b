/** `ig image inspect GADGET`: what a gadget has, as JSON in the form of Inspektor Gadget's API. */
import { Command } from 'commander';
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { openGadget } from '../gadget/gadget.js';
import { inspectGadget, type OpenedGadget } from '../gadget/instance.js';
import type { DataSource, Field } from '../schema.js';
import { type Flag, parseFlags } from './flags.js';
import { finalSources } from './fields-help.js';
import { booleanOf } from './options.js';

const flags: readonly Flag[] = [
	{ name: 'show-datasources', group: 'Output', description: 'Only the data sources, with their fields' },
	{ name: 'output', short: 'o', value: 'MODE', group: 'Output', default: 'jsonpretty', description: 'json, jsonpretty or yaml' },
];

type Json = Readonly<Record<string, unknown>>;

/** Without what is zero or empty, as protobuf's JSON leaves it out. */
function sparse(object: Json): Json {
	return Object.fromEntries(
		Object.entries(object).filter(([, value]) => {
			if (value === undefined || value === 0 || value === '' || value === false) return false;
			return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
		}),
	);
}

function fieldJson(field: Field): Json {
	return sparse({
		name: field.name.slice(field.name.lastIndexOf('.') + 1),
		fullName: field.name,
		index: field.id,
		// The record itself, or a column.
		payloadIndex: field.slot + 1,
		offs: field.offset,
		size: field.size,
		flags: field.flags,
		kind: field.kind,
		tags: field.tags,
		annotations: field.annotations,
		parent: Math.max(0, field.parent),
		order: field.order,
	});
}

export function dataSourceJson(source: DataSource, id: number): Json {
	return sparse({
		id,
		name: source.name,
		type: source.type === 'array' ? 2 : 1,
		fields: source.fields.map(fieldJson),
		tags: source.tags,
		annotations: source.annotations,
	});
}

function gadgetJson(opened: OpenedGadget, sources: readonly DataSource[]): Json {
	const { gadget, params } = opened;
	return sparse({
		name: gadget.metadata.name,
		imageName: gadget.reference,
		description: gadget.metadata.description,
		annotations: gadget.metadata.annotations,
		dataSources: sources.map(dataSourceJson),
		params: params.map((param) =>
			sparse({
				key: param.key,
				description: param.description,
				defaultValue: param.default,
				typeHint: param.type,
				alias: param.alias,
				possibleValues: param.possibleValues,
				prefix: 'operator.oci.ebpf.',
			}),
		),
	});
}

async function inspect(reference: string, only: boolean, mode: string, help: string): Promise<number> {
	if (!['json', 'jsonpretty', 'yaml'].includes(mode)) {
		throw new IgError('IG_FLAG_VALUE', { flag: '--output', value: mode, reason: 'is not json, jsonpretty or yaml', help });
	}
	const opened = inspectGadget(await openGadget(reference));
	try {
		const sources = await finalSources(opened);
		const shown = only ? sources.map(dataSourceJson) : gadgetJson(opened, sources);
		const text = mode === 'yaml' ? (await import('yaml')).stringify(shown) : `${JSON.stringify(shown, null, mode === 'json' ? 0 : 2)}\n`;
		process.stdout.write(text);
		return 0;
	} finally {
		opened.close();
	}
}

/** @returns the exit code */
export async function imageCommand(args: readonly string[]): Promise<number> {
	const help = 'ig image inspect --help';
	const [name, ...rest] = args;
	if (name !== 'inspect' && name !== '--help' && name !== '-h' && name !== undefined) {
		throw new IgError('IG_USAGE', { reason: `unknown command 'image ${name}'${closest(name, ['inspect'])}`, help });
	}
	const command = new Command('ig image inspect')
		.argument('[GADGET]')
		.description('Shows what a gadget has: data sources, fields, parameters.');
	const asked = name !== 'inspect' || rest.includes('--help') || rest.includes('-h');
	try {
		const { values, operands } = parseFlags(command, asked ? ['--help'] : rest, flags, help);
		const [reference] = operands;
		if (reference === undefined) throw new IgError('IG_USAGE', { reason: 'image inspect needs a gadget', help });
		return await inspect(reference, booleanOf(values, 'show-datasources', help), values.get('output')?.at(-1) ?? 'jsonpretty', help);
	} catch (error) {
		// Commander printed the help, and ends by throwing.
		if (asked) return 0;
		throw error;
	}
}
