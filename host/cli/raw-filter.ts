/** Whether a filter can be decided on the records as the kernel wrote them, before any text is made. */
import { type DataSource, FieldFlag } from '../schema.js';
import { splitEscaped } from './per-source.js';

/** Words of filter expressions that are no fields. */
const words = new Set(
	'and or not in contains startsWith endsWith matches true false nil cidr CidrMatches len lower upper trim any all none let if else'.split(
		' ',
	),
);

/** Fields in the row whose value no formatter replaces (a timestamp's raw value becomes wall time). */
function isRaw(source: DataSource, name: string): boolean {
	const field =
		source.fields.find((candidate) => candidate.name === name) ??
		source.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
	return (
		field !== undefined &&
		field.slot === -1 &&
		(field.flags & FieldFlag.StaticMember) !== 0 &&
		!field.tags.includes('type:gadget_timestamp')
	);
}

/** Field names in rules like `proc.comm==cat,fd>3`. */
export function ruleFields(rules: string): string[] {
	return splitEscaped(rules, ',').map((rule) => (/^[^!~><=]*/.exec(rule)?.[0] ?? '').trim());
}

/** Names in an expression that are neither keywords nor inside of texts. */
export function expressionFields(expression: string): string[] {
	const bare = expression.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, ' ');
	return (bare.match(/(?<![\w.])[A-Za-z_][\w.]*/g) ?? []).filter((word) => !words.has(word));
}

export function isRawFilter(source: DataSource, rules: string | undefined, expression: string | undefined): boolean {
	const names = [...(rules === undefined ? [] : ruleFields(rules)), ...(expression === undefined ? [] : expressionFields(expression))];
	return names.every((name) => isRaw(source, name));
}
