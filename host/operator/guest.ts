/** An operator module at work, whatever door it came through: its memory, its calls. Whatever comes back from it is hostile. */
import type { Access } from './access.js';
import { GuestAbort } from './imports.js';
import type { InitTable } from './init-table.js';
import type { InitResult, InitSession } from './session.js';

/** Line breaks, with what a terminal would take for one. */
export const BREAKS = /[\r\n\v\f\x85\u2028\u2029]+/g;

/** An operator did something that its contract forbids, or trapped. `message` completes "operator NAME …". */
export class GuestFailure extends Error {
	/** The instance is not to be used again. */
	readonly fatal: boolean;
	constructor(message: string, fatal: boolean, options?: ErrorOptions) {
		// One line, whatever the guest put into it: another could look like one of ours.
		super(message.replace(BREAKS, ' ↵ '), options);
		this.name = 'GuestFailure';
		this.fatal = fatal;
	}
}

export type BatchCall = 'ig_batch' | 'ig_start' | 'ig_tick' | 'ig_stop';

/** One instance, on one thread; calls never overlap. Every method may throw a GuestFailure. */
export interface Guest {
	/** What the guest holds, bytes. */
	readonly memorySize: number;
	/** What the operator may reach that is being called (a module may hold several); undefined between calls. */
	access: Access | undefined;
	/** The memory that its regions are in; a new view after it has grown. */
	bytes(): Uint8Array;
	/** Whether it has one of the optional calls of the ABI. */
	has(name: string): boolean;
	/** Room in `bytes()` that is the host's from now on; address and size are inside. */
	alloc(size: number): number;
	/** `ig_init` of one operator of the module; what it does goes to `session`. */
	init(op: number, table: InitTable, session: InitSession): InitResult;
	/** `region`: address of a batch, from `alloc`. */
	call(name: BatchCall, op: number, region: number): void;
	/** Pushes entries of a side table. */
	table(op: number, table: number, entries: Uint8Array): void;
	/** A copy of what the operator hands to another build of itself (`ig_state_save`); undefined: it has nothing to hand over. */
	saveState(op: number): Uint8Array | undefined;
	/** Gives it what {@link saveState} of another build returned (`ig_state_restore`). */
	restoreState(op: number, state: Uint8Array): void;
}

/** What a call into a guest threw, as a failure of the guest. */
export function guestFailure(what: string, cause: unknown): GuestFailure {
	if (cause instanceof GuestFailure) return cause;
	const reason =
		cause instanceof GuestAbort
			? `aborted: ${cause.message}`
			: cause instanceof RangeError
				? 'ran out of stack'
				: cause instanceof TypeError
					? `has another signature (${cause.message})`
					: cause instanceof Error
						? cause.message
						: String(cause);
	return new GuestFailure(`${what}: ${reason}`, true, { cause });
}
