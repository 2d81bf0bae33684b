/** A compiled operator module, on its way from the loader to the worker. */
import type { Limits } from './binary.js';
import type { Manifest } from './manifest.js';

/** A core module, ready to be cloned to a worker. */
export interface CorePlan {
	readonly door: 'core' | 'wasi';
	readonly module: WebAssembly.Module;
	/** As the user named it, for messages. */
	readonly file: string;
	/** Limits of the memory to make for its `env.memory` import, when it has one. */
	readonly memory?: Limits;
	/** Bytes that its memory may grow to. */
	readonly maxMemory: number;
}

export type ModulePlan = CorePlan;

export type LoadedModule = ModulePlan & { readonly manifest: Manifest };

/** The part of a loaded module that goes to the worker. */
export function modulePlan({ manifest: _, ...plan }: LoadedModule): ModulePlan {
	return plan;
}
