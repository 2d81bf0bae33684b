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
	};
}
