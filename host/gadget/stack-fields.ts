/** Fields with the texts of stacks, beside the records' own fields that say which stack it is (bpf/include/gadget/*_stack_map.h). */
import { type DataSource, type Field, FieldFlag, Kind } from '../schema.js';
import { addField } from './added-field.js';

const KERNEL = 'type:gadget_kernel_stack';
const USER = 'type:gadget_user_stack';
const FRAMES = 'Frames, one a line: function, source file, line, mapping, build id, address, with tabs between';
const userTexts = {
	addresses: 'Addresses of the frames',
	buildid: 'Build ids and offsets of the frames',
	symbols: 'Functions of the frames',
};

/** In the order of `slots` in native/ig.h, `struct ig_stack_field`. */
export const stackTexts = ['symbols', 'addresses', 'buildid', 'frames'] as const;

/** A stack in the records of a data source. */
export interface StackField {
	readonly user: boolean;
	/** In the row. */
	readonly offset: number;
	/** The fields with its texts, as far as there are any. */
	readonly texts: Readonly<Partial<Record<(typeof stackTexts)[number], Field>>>;
}

/** What the field with a kernel stack's functions is called: without `_raw`, or as the annotation says. */
function kernelTarget(raw: Field): string | undefined {
	const target = raw.annotations['ebpf.formatter.kstack'] ?? /^(.+)_raw$/.exec(raw.name)?.[1];
	return target === raw.name ? undefined : target;
}

function tagged(source: DataSource, tag: string): Field[] {
	return source.fields.filter((field) => field.tags.includes(tag) && field.slot === -1);
}

/** Adds a field with the functions of each kernel stack. The raw one is hidden. */
export function addKernelStacks(source: DataSource): void {
	for (const raw of tagged(source, KERNEL)) {
		const name = kernelTarget(raw);
		if (raw.kind !== Kind.Uint32 || name === undefined || source.fields.some((field) => field.name === name)) continue;
		addField(source, { name, about: 'Functions of the kernel, the innermost first', kind: Kind.String }, []);
		if (raw.annotations['columns.hidden'] !== 'false') raw.flags |= FieldFlag.Hidden;
		addField(source, { name: `${name}_frames`, about: FRAMES, kind: Kind.String, hidden: true, unreferenced: true }, []);
	}
}

/** Adds the texts of each user stack below it. */
export function addUserStacks(source: DataSource): void {
	for (const parent of tagged(source, USER)) {
		const add = (leaf: string, about: string, unreferenced: boolean): void =>
			addField(source, { name: `${parent.name}.${leaf}`, about, kind: Kind.String, hidden: true, unreferenced }, [
				`name:${leaf}`,
				'operator:ustack',
			]);
		for (const [leaf, about] of Object.entries(userTexts)) add(leaf, about, false);
		add('frames', FRAMES, true);
	}
}

/** The stacks of a data source. */
export function stackFields(source: DataSource): StackField[] {
	const named = (name: string): Field | undefined => source.fields.find((field) => field.name === name && field.slot >= 0);
	const texts = (symbols: string, others: (leaf: string) => string): StackField['texts'] =>
		Object.fromEntries(
			stackTexts.flatMap((leaf) => {
				const field = named(leaf === 'symbols' ? symbols : others(leaf));
				return field === undefined ? [] : [[leaf, field]];
			}),
		);
	const kernel = tagged(source, KERNEL).flatMap((raw): StackField[] => {
		const name = kernelTarget(raw);
		return name === undefined ? [] : [{ user: false, offset: raw.offset, texts: texts(name, (leaf) => `${name}_${leaf}`) }];
	});
	const user = tagged(source, USER).map(
		({ name, offset }): StackField => ({ user: true, offset, texts: texts(`${name}.symbols`, (leaf) => `${name}.${leaf}`) }),
	);
	return [...kernel, ...user].filter(({ texts }) => Object.keys(texts).length > 0);
}

export function hasKernelStacks(source: DataSource): boolean {
	return source.fields.some((field) => field.tags.includes(KERNEL));
}

export function hasUserStacks(source: DataSource): boolean {
	return source.fields.some((field) => field.tags.includes(USER));
}
