/** A compiled operator module, on its way from the loader to the worker. */
import type { Limits } from './binary.js';
import type { Manifest } from './manifest.js';

/** A compiled module, ready to be cloned to a worker. */
export interface ModulePlan {
	readonly module: WebAssembly.Module;
	/** As the user named it, for messages. */
	readonly file: string;
	/** Limits of the memory to make for its `env.memory` import, when it has one. */
	readonly memory?: Limits;
}

export interface LoadedModule extends ModulePlan {
	readonly manifest: Manifest;
}

/** The part of a loaded module that goes to the worker. */
export function modulePlan({ module, file, memory }: LoadedModule): ModulePlan {
	return { module, file, ...(memory && { memory }) };
}
