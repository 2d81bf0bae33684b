/** Chooses, per hook, the first way of hooking that this kernel has. */
import { IgError } from '../errors.js';
import type { GadgetMetadata } from './metadata.js';

/** Whether a need is met, and if not, why. */
export interface Need {
	readonly ok: boolean;
	readonly reason: string;
}

export interface PassedOver {
	readonly programs: readonly string[];
	readonly reason: string;
}

export interface HookChoice {
	/** Programs that must not be loaded: those of alternatives that were not chosen. */
	readonly unused: ReadonlySet<string>;
	/** Per hook, the chosen programs. */
	readonly chosen: ReadonlyMap<string, readonly string[]>;
	/** Per hook, the better alternatives that this kernel does not allow, and why. */
	readonly passedOver: ReadonlyMap<string, readonly PassedOver[]>;
}

/**
 * Programs that no hook names are always loaded; one that several alternatives name is loaded when one of them is chosen.
 * @param programs names of the object's programs
 * @param meets whether this kernel has a need, e.g. `helper:bpf_task_pt_regs`; if not, why
 * @throws IgError IG_GADGET_INVALID for a program that does not exist, IG_GADGET_HOOK when a hook has no way on this kernel
 */
export function chooseHooks(
	gadget: string,
	hooks: GadgetMetadata['hooks'],
	programs: readonly string[],
	meets: (need: string) => Need,
): HookChoice {
	const named = new Set<string>();
	const wanted = new Set<string>();
	const chosen = new Map<string, readonly string[]>();
	const passedOver = new Map<string, readonly PassedOver[]>();
	for (const [hook, alternatives] of Object.entries(hooks)) {
		for (const name of alternatives.flatMap((alternative) => alternative.programs)) {
			if (!programs.includes(name)) {
				throw new IgError('IG_GADGET_INVALID', {
					gadget,
					reason: `hook '${hook}' names program '${name}', which the object does not have`,
				});
			}
			named.add(name);
		}
		const passed: PassedOver[] = [];
		const choice = alternatives.find((alternative) => {
			const missing = alternative.needs.map(meets).filter((need) => !need.ok);
			if (missing.length > 0) passed.push({ programs: alternative.programs, reason: missing.map((need) => need.reason).join('; ') });
			return missing.length === 0;
		});
		if (choice === undefined) {
			throw new IgError('IG_GADGET_HOOK', { gadget, hook, reason: [...new Set(passed.map(({ reason }) => reason))].join('; ') });
		}
		passedOver.set(hook, passed);
		chosen.set(hook, choice.programs);
		for (const name of choice.programs) wanted.add(name);
	}
	return { unused: new Set([...named].filter((name) => !wanted.has(name))), chosen, passedOver };
}
