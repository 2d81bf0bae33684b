/** A gadget's `gadget.yaml`, as the rest of the host sees it. Reading it is in `metadata-file.ts`, which is loaded only when needed. */

export interface FieldConfig {
	readonly annotations: Readonly<Record<string, string>>;
	readonly tags: readonly string[];
}

export interface DataSourceConfig extends FieldConfig {
	/** By full field name in lower case. */
	readonly fields: Readonly<Record<string, FieldConfig>>;
}

export interface ParamConfig {
	/** The flag's name; the variable's when absent. */
	readonly key?: string | undefined;
	readonly defaultValue?: string | undefined;
	readonly description?: string | undefined;
	readonly alias?: string | undefined;
	readonly possibleValues?: readonly string[] | undefined;
	readonly title?: string | undefined;
	/** `int`, `duration` … when the variable's type does not say it. */
	readonly typeHint?: string | undefined;
	readonly tags?: readonly string[] | undefined;
	/** It must be given. */
	readonly isMandatory?: boolean | undefined;
}

/** A parameter that changes the metadata itself. */
export interface CustomParam extends ParamConfig {
	/** Parts of gadget.yaml, keys in lower case: by the parameter's value, and for any value. */
	readonly patches: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
	readonly patch: Readonly<Record<string, unknown>>;
}

/** Something that is wrong, or looks so, in a gadget.yaml. */
export interface MetadataProblem {
	readonly severity: 'error' | 'warning';
	/** From 1. */
	readonly line: number;
	readonly column: number;
	readonly reason: string;
	/** The lines around it. */
	readonly frame: string;
}

/** One way to hook a thing: these programs (none: do without), on kernels that have what they need (`host/ebpf/probe.ts`). */
export interface HookAlternative {
	readonly programs: readonly string[];
	readonly needs: readonly string[];
}

export interface GadgetMetadata {
	/** For people: `trace open`. */
	readonly name: string;
	readonly description: string;
	readonly homepageUrl: string;
	readonly documentationUrl: string;
	readonly sourceUrl: string;
	readonly annotations: Readonly<Record<string, string>>;
	/** By name in lower case: keys of gadget.yaml are case-insensitive. */
	readonly dataSources: Readonly<Record<string, DataSourceConfig>>;
	/** By variable name in lower case. */
	readonly params: Readonly<Record<string, ParamConfig>>;
	/** Parameters of the gadget's own operators. */
	readonly wasmParams: Readonly<Record<string, ParamConfig>>;
	readonly customParams: Readonly<Record<string, CustomParam>>;
	/** Settings by program and key (`attach_to`, `sampler.frequency`), all in lower case. */
	readonly programs: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** Settings of operators: `ebpf.emitstats`. */
	readonly operator: Readonly<Record<string, string>>;
	/** The file itself, for custom parameters to patch; absent when there are none. */
	readonly tree?: Readonly<Record<string, unknown>>;
	/** Defaults by the parameter's full key in lower case, e.g. `operator.cli.output`. */
	readonly paramDefaults: Readonly<Record<string, string>>;
	/** Per hook, alternatives in order of preference. */
	readonly hooks: Readonly<Record<string, readonly HookAlternative[]>>;
}

export interface MetadataFile {
	readonly metadata: GadgetMetadata;
	/** Things that are probably mistakes, as `file:line:column: text`. */
	readonly warnings: readonly string[];
}

/** What a gadget without gadget.yaml has. */
export function emptyMetadata(name: string): GadgetMetadata {
	return {
		...{ name, description: '', homepageUrl: '', documentationUrl: '', sourceUrl: '' },
		...{ annotations: {}, dataSources: {}, params: {}, paramDefaults: {}, hooks: {} },
		...{ wasmParams: {}, customParams: {}, programs: {}, operator: {} },
	};
}
