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

export function enumAnnotations(type: BtfType): Record<string, string> {
	const values = valuesOf(type).map(({ name, value }) => `${name}=${value}`);
	return { 'enum.values': values.join(','), ...(type.name.endsWith('_set') && { 'enum.flags': 'true' }) };
}
