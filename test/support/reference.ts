/** Inspektor Gadget's schema of a gadget, read off a running `ig` (test/reference): what ours is compared with. */
import { readdirSync, readFileSync } from 'node:fs';
import { ARRAY_OF, type DataSource, type Field, FieldFlag, Kind } from '../../host/schema.js';

export interface ReferenceField {
	readonly name: string;
	readonly kind: string;
	readonly offset: number;
	readonly size: number;
	readonly flags?: readonly string[];
	readonly tags?: readonly string[];
	readonly annotations: Readonly<Record<string, string>>;
}

export interface ReferenceSource {
	readonly name: string;
	readonly type: 'single' | 'array';
	readonly annotations?: Readonly<Record<string, string>>;
	readonly fields: readonly ReferenceField[];
}

export interface Reference {
	readonly gadget: string;
	readonly dataSources: readonly ReferenceSource[];
	readonly params: Readonly<Record<string, { readonly type: string; readonly default?: string }>>;
	readonly defaultColumns?: readonly string[];
}

/** Gadgets that have one. */
export const references: readonly string[] = readdirSync(new URL('../reference/', import.meta.url))
	.filter((name) => name.endsWith('.json'))
	.map((name) => name.replace(/\.json$/, ''))
	.sort();

export function reference(gadget: string): Reference {
	return JSON.parse(readFileSync(new URL(`../reference/${gadget}.json`, import.meta.url), 'utf8')) as Reference;
}

const kinds = new Map(Object.entries(Kind).map(([name, kind]) => [name.toLowerCase(), kind]));
const flagBits: Readonly<Record<string, number | undefined>> = {
	...{ empty: FieldFlag.Empty, container: FieldFlag.Container, hidden: FieldFlag.Hidden, hasParent: FieldFlag.HasParent },
	...{ staticMember: FieldFlag.StaticMember, unreferenced: FieldFlag.Unreferenced },
};

export function flagsOf(field: ReferenceField): number {
	return (field.flags ?? []).reduce((bits, name) => bits | (flagBits[name] ?? 0), 0);
}

export function kindOf(field: ReferenceField): number {
	const [, array, name = ''] = /^(arrayOf )?(.*)$/.exec(field.kind) ?? [];
	return (kinds.get(name) ?? Kind.Invalid) | (array === undefined ? 0 : ARRAY_OF);
}

/** The data source as eBPF gives it: its own fields, without annotations and hidden flags. */
export function bare(from: Reference): DataSource {
	const [first] = from.dataSources;
	const own = (first?.fields ?? []).filter((field) => field.tags?.includes('src:ebpf'));
	const fields = own.map((field, id): Field => {
		const dot = field.name.lastIndexOf('.');
		const parent = dot === -1 ? -1 : own.findIndex((other) => other.name === field.name.slice(0, dot));
		return {
			...{ id, name: field.name, kind: kindOf(field), offset: field.offset, size: field.size, parent },
			...{ flags: flagsOf(field) & ~FieldFlag.Hidden, slot: -1, tags: [...(field.tags ?? [])], annotations: {}, order: id },
		};
	});
	const recordSize = Math.max(...fields.map((field) => field.offset + field.size));
	return { name: first?.name ?? '', type: first?.type ?? 'single', recordSize, fields, annotations: {}, tags: [], slots: 0 };
}
