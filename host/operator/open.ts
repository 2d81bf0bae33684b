/** Instantiates operators, each through its door. */
import { CoreGuest } from './core.js';
import type { Guest, GuestLog } from './guest.js';
import type { ModulePlan } from './module.js';

/** Instantiates; runs what the module runs when it starts. @throws GuestFailure */
export function openGuest(plan: ModulePlan, log: GuestLog): Guest {
	return new CoreGuest(plan, log);
}
