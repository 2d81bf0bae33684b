/**
 * What an operator may do beyond its batches. Its manifest asks for capabilities, the user grants them (`--grant`), and what was
 * not granted fails with ENOTCAPABLE (docs/operator-abi.md, "Capabilities").
 *
 * | capability | |
 * |---|---|
 * | `log` | lines in the log; everyone has it |
 * | `metric` | counters, gauges, histograms |
 * | `emit:NAME` | a new data source |
 * | `table:NAME` | a side table of the host's |
 * | `map:NAME`, `map:NAME:rw` | a BPF map of the gadget's, to read, or to write, too |
 */

export const capabilityPattern = /^(?:log|metric|emit:[\w-]{1,64}|table:[\w.-]{1,64}|map:[\w.-]{1,64}(?::rw)?)$/;

/** What reaches no further than this run's own output and counts, or is readable for every process anyway. */
function harmless(capability: string): boolean {
	return /^(?:log|metric|emit:.*|table:(?:users|groups))$/.test(capability);
}

/** All that a manifest asks for; the tables in `tables` are among it. */
export function asked(manifest: { readonly capabilities: readonly string[]; readonly tables: readonly string[] }): string[] {
	return [...new Set(['log', ...manifest.tables.map((table) => `table:${table}`), ...manifest.capabilities])];
}

/** What it gets without a word from the user. */
export function grantedAnyway(capabilities: readonly string[]): string[] {
	return capabilities.filter(harmless);
}

/** Names after `kind:` in a list of capabilities. */
export function namesOf(kind: 'emit' | 'table' | 'map', capabilities: readonly string[]): string[] {
	return capabilities.filter((one) => one.startsWith(`${kind}:`)).map((one) => one.slice(kind.length + 1));
}

/** Whether the list has the capability; `map:NAME:rw` has `map:NAME` in it. */
export function allows(capabilities: readonly string[], capability: string): boolean {
	return capabilities.includes(capability) || (capability.startsWith('map:') && capabilities.includes(`${capability}:rw`));
}
