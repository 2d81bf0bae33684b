/**
 * Names of an enum's values, as annotations of the field: the operator `formatters` turns numbers into names by them.
 *
 *     enum.values: connect=0,accept=1
 *     enum.flags: true                  a set: each value is a bit (the type's name ends in _set)
 */
import { Btf, BtfKind, type BtfEnumerator, type BtfType } from './btf.js';
import { native } from './native.js';

let kernel: Btf | null | undefined;

/** The running kernel's types; null where it has none. Kept for the life of the process. */
function kernelBtf(): Btf | null {
	if (kernel === undefined) {
		const handle = native.btf__load_vmlinux_btf();
		kernel = handle === null ? null : new Btf(handle);
	}
	return kernel;
}

/** Where the kernel has an enum of that name, its values: they change from version to version. */
function valuesOf(type: BtfType): readonly BtfEnumerator[] {
	if (type.name === '') return type.values;
	const own = kernelBtf()?.find(BtfKind.Enum, type.name) ?? kernelBtf()?.find(BtfKind.Enum64, type.name);
	return own?.values ?? type.values;
}

/**
 * Of an enum of 64 bits over a typedef clang's BTF keeps 32 of each value: then the higher bits of a set are all 0, and a
 * value of 0 would be in every set.
 */
function isCut(type: BtfType, values: readonly BtfEnumerator[]): boolean {
	return type.kind === BtfKind.Enum && type.size === 8 && values.filter(({ value }) => value === 0n).length > 1;
}

export function enumAnnotations(type: BtfType): Record<string, string> {
	const flags = type.name.endsWith('_set');
	const values = valuesOf(type);
	const kept = flags && isCut(type, values) ? values.filter(({ value }) => value !== 0n) : values;
	return { 'enum.values': kept.map(({ name, value }) => `${name}=${value}`).join(','), ...(flags && { 'enum.flags': 'true' }) };
}
