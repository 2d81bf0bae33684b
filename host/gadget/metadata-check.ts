/** Compares a gadget.yaml with the object that it describes. */
import { closest } from '../closest.js';
import type { DataSource } from '../schema.js';
import type { OpenedGadget } from './instance.js';
import type { GadgetMetadata, MetadataProblem } from './metadata.js';
import type { MetadataDocument, Path } from './metadata-document.js';
import { encodeParam } from './params.js';
import { IgError } from '../errors.js';

/** Fields that the host adds when containers are there. */
const added = /^(runtime|k8s)\./;

/**
 * What the file names, and the object does not have.
 * @param sources with the fields that operators add
 */
export function checkAgainstObject(
	document: MetadataDocument,
	metadata: GadgetMetadata,
	opened: OpenedGadget,
	sources: readonly DataSource[],
): MetadataProblem[] {
	const problems: MetadataProblem[] = [];
	const missing = (severity: 'error' | 'warning', path: Path, what: string, name: string, known: readonly string[]): void => {
		const has =
			known.length === 0 ? '' : `${closest(name, known)}; it has ${known.slice(0, 12).join(', ')}${known.length > 12 ? ' …' : ''}`;
		problems.push(document.problemOfKey(severity, path, `the gadget has no ${what} '${name}'${has}`));
	};
	for (const [name, { fields }] of Object.entries(metadata.dataSources)) {
		const path = ['datasources', name];
		const source = sources.find((candidate) => candidate.name.toLowerCase() === name);
		if (source === undefined) {
			missing(
				'warning',
				path,
				'data source',
				document.written(path),
				sources.map((one) => one.name),
			);
			continue;
		}
		const known = source.fields.map((field) => field.name);
		for (const field of Object.keys(fields)) {
			if (added.test(field) || known.some((one) => one.toLowerCase() === field)) continue;
			missing('warning', [...path, 'fields', field], 'field', document.written([...path, 'fields', field]), known);
		}
	}
	const { params, programs } = opened;
	for (const [name, config] of Object.entries(metadata.params)) {
		const path = ['params', 'ebpf', name];
		const param = params.find((candidate) => candidate.variable.toLowerCase() === name);
		if (param === undefined) {
			missing(
				'error',
				path,
				'parameter',
				document.written(path),
				params.map((one) => one.variable),
			);
			continue;
		}
		if (config.defaultValue === undefined || config.defaultValue === '') continue;
		try {
			encodeParam(param, config.defaultValue);
			if (config.defaultValue !== param.default && metadata.paramDefaults[`operator.oci.ebpf.${param.key.toLowerCase()}`] === undefined) {
				const reason = `the default is what the program says, '${param.default}'; write it there, or as paramDefaults`;
				problems.push(document.problem('warning', [...path, 'defaultvalue'], reason));
			}
		} catch (error) {
			if (!(error instanceof IgError)) throw error;
			problems.push(document.problem('error', [...path, 'defaultvalue'], error.message));
		}
	}
	for (const [hook, alternatives] of Object.entries(metadata.hooks)) {
		alternatives.forEach((alternative, i) => {
			alternative.programs.forEach((program, j) => {
				if (programs.includes(program)) return;
				const path = ['hooks', hook, i, 'programs', j];
				problems.push(document.problem('error', path, `the object has no program '${program}'${closest(program, programs)}`));
			});
		});
	}
	for (const name of Object.keys(metadata.programs)) {
		if (!programs.some((program) => program.toLowerCase() === name)) missing('warning', ['programs', name], 'program', name, programs);
	}
	return problems;
}
