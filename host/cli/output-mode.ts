/** `-o`: in which form each data source is shown. */
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { stackFields } from '../gadget/stack-fields.js';
import type { DataSource } from '../schema.js';
import { perSource } from './per-source.js';
import type { Log } from './report.js';

const modes = ['columns', 'json', 'jsonpretty', 'none', 'yaml'];
const HISTOGRAM = 'histogram';
/** Stacks, one a line. */
const FOLDED = 'folded';

/** Whether it has counts by power of two, which can be drawn. */
function hasHistogram(source: DataSource): boolean {
	return source.fields.some((field) => field.tags.some((tag) => tag.startsWith('type:gadget_histogram_slot__')));
}

/** Modes that a data source can be shown in, the default one first. */
export function supportedModes(source: DataSource): string[] {
	const listed = source.annotations['cli.supported-output-modes'];
	const drawn = hasHistogram(source);
	const more = [...(drawn ? [HISTOGRAM] : []), ...(stackFields(source).length > 0 ? [FOLDED] : [])];
	const supported = listed === undefined ? [...modes, ...more] : listed.split(',').map((mode) => mode.trim());
	// Inspektor Gadget's annotation for gadgets whose result is a drawing.
	const asDrawing = drawn && source.annotations['metrics.print'] === 'true' ? HISTOGRAM : undefined;
	const wanted = source.annotations['cli.default-output-mode'] ?? asDrawing;
	const first =
		wanted !== undefined && supported.includes(wanted) ? wanted : supported.includes('columns') ? 'columns' : [...supported].sort()[0];
	return [...(first === undefined ? [] : [first]), ...supported.filter((mode) => mode !== first)];
}

/** Whether some data source is shown as folded stacks, before it is known which there are: operators make some, too. */
export function wantsFolded(output: string | undefined, ofGadget: readonly DataSource[]): boolean {
	if (output === undefined) return ofGadget.some((source) => supportedModes(source)[0] === FOLDED);
	return output.split(',').some((part) => part.slice(part.indexOf(':') + 1) === FOLDED);
}

/**
 * The mode per data source. One that does not support what is asked for is not shown, with a warning.
 * @throws IgError IG_FLAG_VALUE for a mode that no data source has
 */
export function outputModes(output: string | undefined, sources: readonly DataSource[], help: string, log: Log): Map<string, string> {
	const asked = output === undefined ? new Map<string, string>() : perSource('--output', output, sources, ',', help);
	const result = new Map<string, string>();
	for (const source of sources) {
		const supported = supportedModes(source);
		const mode = asked.get(source.name) ?? supported[0] ?? 'none';
		if (supported.includes(mode) || mode === 'none') {
			result.set(source.name, mode);
			continue;
		}
		const known = [...new Set([...modes, ...sources.flatMap(supportedModes)])];
		if (!known.includes(mode)) {
			throw new IgError('IG_FLAG_VALUE', {
				flag: '--output',
				value: mode,
				reason: `is not one of ${known.join(', ')}${closest(mode, known)}`,
				help,
			});
		}
		log('warn', `data source ${source.name} cannot be shown as ${mode}, only as ${supported.join(', ')}; it is not shown`);
		result.set(source.name, 'none');
	}
	return result;
}
