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
 * | `env:NAME`, `args`, `file:PATH`, `dir:PATH` | of WASI: a variable, arguments, a file, a directory |
 *
 * A grant may say more than the wish: `env:NAME=VALUE`, `file:PATH=OTHER`, and `arg:TEXT`, of which each is one of the `args`.
 */

export const capabilityPattern =
	/^(?:log|metric|args|emit:[\w-]{1,64}|table:[\w.-]{1,64}|map:[\w.-]{1,64}(?::rw)?|env:[A-Za-z_]\w{0,255}|(?:file|dir):(?:\/(?!\.{1,2}(?:\/|$))[^/=\p{C}]+)+|dir:\/)$/u;

/** What WASI has functions for, as a wish or as a grant. */
export function isOfWasi(capability: string): boolean {
	return /^(?:args$|(?:env|arg|file|dir):)/.test(capability);
}

/** The wish that a grant fulfils. */
export function wishOf(grant: string): string {
	if (grant.startsWith('arg:')) return 'args';
	const [, wish] = /^((?:env|file|dir):[^=]*)=/.exec(grant) ?? [];
	return wish ?? grant;
}

/** What stands behind a capability: the value of a variable, the path of a file in this machine. Undefined: the grant does not say. */
export function behind(grant: string): string | undefined {
	if (grant.startsWith('arg:')) return grant.slice(4);
	const wish = wishOf(grant);
	return wish === grant ? undefined : grant.slice(wish.length + 1);
}

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
	return (
		capabilities.some((one) => wishOf(one) === capability) || (capability.startsWith('map:') && capabilities.includes(`${capability}:rw`))
	);
}
