/**
 * Configuration of fields that do not exist yet, since operators will add them: kept as annotations of their data source, named by their path
 * in gadget.yaml (`fields.error.annotations.columns.width`). They win over what the operator says; recordings carry them.
 */
import type { DataSource } from './schema.js';

const prefixOf = (field: string): string => `fields.${field.toLowerCase()}.annotations.`;

export function configureLater(source: DataSource, field: string, annotations: Readonly<Record<string, string>>): void {
	for (const [key, value] of Object.entries(annotations)) source.annotations[prefixOf(field) + key] = value;
}

/** What was configured for a field that is being added. */
export function configuredFor(source: DataSource, field: string): Record<string, string> {
	const prefix = prefixOf(field);
	const own = Object.entries(source.annotations).filter(([key]) => key.startsWith(prefix));
	return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}
