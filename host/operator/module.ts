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

/** A component, taken apart by jco into core modules and a script that joins them. */
export interface ComponentPlan {
	readonly door: 'component';
	/** As the user named it, for messages. */
	readonly file: string;
	/** JavaScript, checked (`component/script.ts`). */
	readonly script: string;
	readonly cores: readonly { readonly name: string; readonly module: WebAssembly.Module }[];
	/** Interfaces of ours that it exports: the name in the component, and without package and version. */
	readonly exports: readonly { readonly name: string; readonly as: string }[];
	/** Interfaces that it imports, without versions. */
	readonly imports: readonly string[];
	/** Bytes that its memories begin with, and may grow to, together. */
	readonly memory: number;
	readonly maxMemory: number;
}

export type ModulePlan = CorePlan | ComponentPlan;

export type LoadedCore = CorePlan & { readonly manifest: Manifest };
export type LoadedModule = ModulePlan & { readonly manifest: Manifest };

/** How a module is called: docs/operator-doors.md. */
export type Door = ModulePlan['door'];

/** The part of a loaded module that goes to the worker. */
export function modulePlan(loaded: LoadedCore): CorePlan;
export function modulePlan(loaded: LoadedModule): ModulePlan;
export function modulePlan({ manifest: _, ...plan }: LoadedModule): ModulePlan {
	return plan;
}
