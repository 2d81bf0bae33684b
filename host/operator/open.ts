/** Instantiates operators, each through its door. */
import { CoreGuest } from './core.js';
import type { Guest } from './guest.js';
import type { LineLimit } from './lines.js';
import type { ModulePlan } from './module.js';

/** Instantiates; runs what the module runs when it starts. @throws GuestFailure */
export function openGuest(plan: ModulePlan, lines: LineLimit): Guest {
	return new CoreGuest(plan, lines);
}
