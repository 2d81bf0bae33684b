/** The exports of ABI version 1 (docs/operator-abi.md). */

export const ABI_MARKER = 'ig_abi_v1';

/** Most bytes of state that one version of an operator hands to the next. */
export const MAX_STATE = 4 << 20;

export const abiExports: Readonly<Record<string, { readonly parameters: number; readonly required: boolean }>> = {
	ig_alloc: { parameters: 1, required: true },
	ig_init: { parameters: 3, required: true },
	ig_batch: { parameters: 2, required: true },
	ig_start: { parameters: 2, required: false },
	ig_tick: { parameters: 2, required: false },
	ig_stop: { parameters: 2, required: false },
	ig_table: { parameters: 4, required: false },
	ig_state_save: { parameters: 2, required: false },
	ig_state_restore: { parameters: 3, required: false },
};
