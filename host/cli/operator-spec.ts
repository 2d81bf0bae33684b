/** `--wasm-operator FILE[,KEY=VALUE...][,@PLACE]`. */
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { splitEscaped } from './per-source.js';

/** Where in the chain: before the formatters see raw values, after them the texts too; last is behind filter and limiter, right before the output. */
export const places = ['before-formatters', 'after-formatters', 'last'] as const;
export type Place = (typeof places)[number];

export interface OperatorSpec {
	readonly file: string;
	/** Of the project whose module it is, when the user named that. */
	readonly folder?: string;
	readonly params: Readonly<Record<string, string>>;
	/** `gadget`: right behind the formatters, where the gadget's own operator is. */
	readonly place: Place | 'gadget';
}

/**
 * `\,` is a comma that is part of the file's name or of a value.
 * @throws IgError IG_FLAG_VALUE
 */
export function parseOperatorSpec(text: string, help: string): OperatorSpec {
	const fail = (reason: string): never => {
		throw new IgError('IG_FLAG_VALUE', { flag: '--wasm-operator', value: text, reason, help });
	};
	const [file = '', ...rest] = splitEscaped(text, ',');
	if (file === '') return fail('names no file');
	const params: Record<string, string> = {};
	let place: Place = 'before-formatters';
	for (const part of rest) {
		if (part.startsWith('@')) {
			const found = places.find((name) => name === part.slice(1));
			if (found === undefined)
				return fail(
					`has an unknown place '${part}'${closest(part.slice(1), places)}; places: ${places.map((name) => `@${name}`).join(', ')}`,
				);
			place = found;
			continue;
		}
		const equals = part.indexOf('=');
		if (equals < 1) return fail(`has '${part}', which is neither KEY=VALUE nor @PLACE`);
		params[part.slice(0, equals)] = part.slice(equals + 1);
	}
	return { file, params, place };
}
