/** Whether a filter can be decided on the records as the kernel wrote them, before any text is made. */
import { type DataSource, type Field, FieldFlag } from '../schema.js';
import { splitEscaped } from './per-source.js';

/** Words of filter expressions that are no fields. */
const words = new Set(
	'and or not in contains startsWith endsWith matches true false nil cidr CidrMatches len lower upper trim any all none let if else'.split(
		' ',
	),
);

/** A text of several, which a formatter joins (`operators/src/formatters/args.rs`). */
function isArguments(source: DataSource, field: Field): boolean {
	if ('formatters.args' in field.annotations) return true;
	const siblings = source.fields.filter((one) => one.parent === field.parent);
	return field.tags.includes('name:args') && siblings.some((one) => one.tags.includes('name:args_size'));
}

/** Whether the field is in the row, and no formatter replaces its value (a timestamp's raw value becomes wall time). */
export function isRaw(source: DataSource, field: Field): boolean {
	return (
		field.slot === -1 &&
		(field.flags & FieldFlag.StaticMember) !== 0 &&
		!field.tags.includes('type:gadget_timestamp') &&
		!isArguments(source, field)
	);
}

function find(source: DataSource, name: string): Field | undefined {
	return (
		source.fields.find((candidate) => candidate.name === name) ??
		source.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
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
	return names.every((name) => {
		const field = find(source, name);
		return field !== undefined && isRaw(source, field);
	});
}
