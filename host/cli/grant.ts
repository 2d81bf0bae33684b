/** `--grant`: what the user lets operators do beyond their batches. */
import { closest } from '../closest.js';
import { IgError } from '../errors.js';
import { allows, asked, capabilityPattern, grantedAnyway, wishOf } from '../operator/capability.js';
import type { OperatorManifest } from '../operator/manifest.js';
import type { Log } from './report.js';

/** What `--grant` said, one entry per use. */
export interface Grants {
	/** `--grant all` */
	readonly all: boolean;
	readonly rules: readonly { readonly operator: string; readonly capabilities: readonly string[] }[];
}

const FLAG = '--grant';

/** `all`, or `NAME=CAPABILITY,...`. @throws IgError IG_FLAG_VALUE */
export function parseGrants(texts: readonly string[], help: string): Grants {
	const rules = texts
		.filter((text) => text !== 'all')
		.map((text) => {
			const equals = text.indexOf('=');
			if (equals < 1 || equals === text.length - 1) {
				throw new IgError('IG_FLAG_VALUE', { flag: FLAG, value: text, reason: 'is neither all nor NAME=CAPABILITY,...', help });
			}
			return { operator: text.slice(0, equals), capabilities: text.slice(equals + 1).split(',') };
		});
	return { all: rules.length < texts.length, rules };
}

/** What a rule for an operator may name. */
function checkRule({ operator, capabilities }: Grants['rules'][number], manifests: readonly OperatorManifest[], help: string): void {
	const fail = (reason: string): never => {
		throw new IgError('IG_FLAG_VALUE', { flag: FLAG, value: `${operator}=${capabilities.join(',')}`, reason, help });
	};
	const names = manifests.map(({ name }) => name);
	const own = manifests.filter(({ name }) => name === operator);
	if (own.length === 0) {
		fail(`is for an operator that is not in this run${closest(operator, names)}; operators: ${names.join(', ') || 'none'}`);
	}
	const wishes = [...new Set(own.flatMap(asked))];
	for (const capability of capabilities) {
		if (capability === 'all' || capability === 'none') continue;
		const wish = wishOf(capability);
		const read = wish.replace(/:rw$/, '');
		if (wishes.includes(wish) || allows(wishes, read) || wishes.includes(`${read}:rw`)) continue;
		const why = capabilityPattern.test(wish) ? 'does not ask for' : 'cannot have';
		fail(
			`names '${capability}', which ${operator} ${why}${closest(wish, [...wishes.map((one) => one.replace(/:rw$/, '')), ...wishes])}; it asks for ${wishes.join(', ')}`,
		);
	}
}

/** Wishes of which the user says what they are about: what stands for the rest in a hint. */
const hints: Readonly<Record<string, string>> = { args: 'arg:TEXT' };

/**
 * The part of a wish that the user's words cover: `map:NAME:rw` can be granted as `map:NAME` only, to read. In the user's words where they
 * say what is behind it.
 */
function covered(wish: string, given: readonly string[]): string[] {
	const said = given.filter((one) => one !== wish && wishOf(one) === wish);
	if (said.length > 0) return said;
	if (given.includes('all') || allows(given, wish)) return [wish];
	const read = wish.replace(/:rw$/, '');
	return given.includes(read) ? [read] : [];
}

/**
 * Decides what each operator of the user's gets, and tells the user what one asks for in vain.
 * @returns the grants of a manifest
 * @throws IgError IG_FLAG_VALUE for operators and capabilities that are not there
 */
export function decideGrants(
	grants: Grants,
	manifests: readonly OperatorManifest[],
	help: string,
	log: Log,
): (manifest: OperatorManifest) => string[] {
	for (const rule of grants.rules) checkRule(rule, manifests, help);
	const decide = (manifest: OperatorManifest): string[] => {
		const wishes = asked(manifest).filter((capability) => capabilityPattern.test(capability));
		const given = grants.rules.filter(({ operator }) => operator === manifest.name).flatMap(({ capabilities }) => capabilities);
		if (grants.all) given.push('all');
		const anyway = given.includes('none') ? ['log'] : grantedAnyway(wishes);
		return [...new Set([...anyway, ...wishes.flatMap((wish) => covered(wish, given))])];
	};
	for (const manifest of new Map(manifests.map((one) => [one.name, one])).values()) {
		const { name } = manifest;
		const got = decide(manifest);
		const beyond = got.filter((capability) => !grantedAnyway(got).includes(capability));
		const all = grants.all || grants.rules.some(({ operator, capabilities }) => operator === name && capabilities.includes('all'));
		if (all && beyond.length > 0) log('warn', `operator ${name} is granted all that it asks for: ${beyond.join(', ')}`);
		for (const wish of asked(manifest)) {
			if (!capabilityPattern.test(wish)) log('warn', `operator ${name} asks for '${wish}', which this ig does not have`);
			else if (!allows(got, wish))
				log('warn', `operator ${name} asks for ${wish} and does not get it; to grant it: ${FLAG} ${name}=${hints[wish] ?? wish}`);
		}
	}
	if (grants.all) log('warn', '--grant all: operators get whatever they ask for, without a look at who asks');
	return decide;
}
