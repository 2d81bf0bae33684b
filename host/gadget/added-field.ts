/** Fields that the host itself adds to a data source, each with a column slot. */
import { type DataSource, type Field, FieldFlag, Kind } from '../schema.js';
import { annotate, defaultAnnotations, expand } from './annotations.js';

export interface AddedField {
	/** Full name; a parent is there already. */
	readonly name: string;
	/** Kind.Invalid: it only holds others, and has no slot. */
	readonly kind: number;
	readonly hidden?: boolean;
	/** In no output; operators can read it. */
	readonly unreferenced?: boolean;
	/** Instead of the default annotations. */
	readonly annotations?: Readonly<Record<string, string>>;
	readonly order?: number;
	readonly about?: string;
}

export function addField(source: DataSource, added: AddedField, tags: readonly string[]): void {
	const id = source.fields.length;
	const dot = added.name.lastIndexOf('.');
	const parent = dot === -1 ? -1 : source.fields.findIndex((field) => field.name === added.name.slice(0, dot));
	const empty = added.kind === Kind.Invalid;
	const flags =
		(empty ? FieldFlag.Empty : 0) |
		(added.hidden ? FieldFlag.Hidden : 0) |
		(added.unreferenced ? FieldFlag.Unreferenced : 0) |
		(parent === -1 ? 0 : FieldFlag.HasParent);
	const field: Field = {
		...{ id, name: added.name, kind: added.kind, offset: 0, size: 0, flags, parent },
		slot: empty ? -1 : source.slots++,
		...{ tags: [...tags], annotations: {}, order: added.order ?? id },
	};
	if (added.about !== undefined) field.annotations.description = added.about;
	annotate(field, added.annotations === undefined ? defaultAnnotations : expand(added.annotations));
	source.fields.push(field);
}
