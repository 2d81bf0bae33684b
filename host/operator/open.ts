/** Instantiates operators, each through its door. */
import { CoreGuest } from './core.js';
import { type Guest, GuestFailure } from './guest.js';
import type { LineLimit } from './lines.js';
import type { ModulePlan } from './module.js';
import type { World } from './wasi/world.js';

let components: typeof import('./component/guest.js') | undefined;

/**
 * Loads what the modules' doors need: once per thread, before any of them is opened. Nothing for core modules, so that their runs start as
 * fast as ever. `any`: what may take their places can be of any door.
 */
export async function prepareDoors(modules: readonly ModulePlan[], any = false): Promise<void> {
	if (any || modules.some(({ door }) => door === 'component')) components = await import('./component/guest.js');
}

/** Does the part of opening that runs nothing of the module's: what is left then takes less time. */
export function warmDoor(plan: ModulePlan): void {
	if (plan.door === 'component') components?.scriptOf(plan);
}

/** Instantiates; runs what the module runs when it starts. `world`: what it was granted of WASI. @throws GuestFailure */
export function openGuest(plan: ModulePlan, lines: LineLimit, world?: World): Guest {
	if (plan.door !== 'component') return new CoreGuest(plan, lines, world);
	if (components === undefined) throw new GuestFailure('is a component, which this run was not made ready for', true);
	return new components.ComponentGuest(plan, lines, world);
}
