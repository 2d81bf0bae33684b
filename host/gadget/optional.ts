/** Programs that parameters turn on: GADGET_OPTIONAL of `bpf/include/gadget/macros.h`. */
import type { OptionalProgram } from '../ebpf/markers.js';
import { IgError } from '../errors.js';
import type { Need } from './hooks.js';

export interface OptionalChoice {
	/** Programs that must not be loaded. */
	readonly unused: ReadonlySet<string>;
	/** By program: why one that was named is left out. */
	readonly missing: ReadonlyMap<string, string>;
}

/**
 * @param isSet whether a boolean parameter is, by its variable
 * @param meets whether this kernel has what the program hooks, and if not, why
 * @throws IgError IG_GADGET_HOOK when this kernel has none of those that are wanted
 */
export function chooseOptional(
	gadget: string,
	optional: readonly OptionalProgram[],
	isSet: (variable: string) => boolean,
	meets: (program: string) => Need,
): OptionalChoice {
	const narrowed = new Set(optional.filter(({ param }) => isSet(param)).map(({ all }) => all));
	const wanted = optional.filter(({ param, all }) => isSet(param) || (isSet(all) && !narrowed.has(all)));
	const answers = new Map(wanted.map(({ program }) => [program, meets(program)]));
	const refused = [...answers].filter(([, { ok }]) => !ok);
	if (wanted.length > 0 && refused.length === wanted.length) {
		const [program = '', { reason = '' } = {}] = refused[0] ?? [];
		const more = refused.length - 1;
		throw new IgError('IG_GADGET_HOOK', { gadget, hook: more > 0 ? `${program} and ${more} more` : program, reason });
	}
	return {
		unused: new Set(optional.map(({ program }) => program).filter((program) => !answers.get(program)?.ok)),
		missing: new Map(refused.map(([program, { reason }]) => [program, reason])),
	};
}
