/** The exports of ABI version 1 (docs/operator-abi.md). */

export const ABI_MARKER = 'ig_abi_v1';

export const abiExports: Readonly<Record<string, { readonly parameters: number; readonly required: boolean }>> = {
	ig_alloc: { parameters: 1, required: true },
	ig_init: { parameters: 3, required: true },
	ig_batch: { parameters: 2, required: true },
	ig_start: { parameters: 2, required: false },
	ig_tick: { parameters: 2, required: false },
	ig_stop: { parameters: 2, required: false },
	ig_table: { parameters: 4, required: false },
};
