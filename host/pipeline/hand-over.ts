/** The state of an operator, from one version of it to the next (docs/operator-abi.md, "Handing over"). */
import { GuestFailure } from '../operator/guest.js';
import type { LogLevel } from '../operator/imports.js';
import type { Link } from './link.js';

/**
 * Asks `before` for its state and gives it to `after`, where both know how.
 * @returns false when there is none, or it was not taken: then `before` is to be stopped and `after` to be started
 * @throws GuestFailure `after` is not to be used
 */
export function handOver(before: Link, after: Link, log: (level: LogLevel, text: string) => void): boolean {
	const { index, name } = after.plan;
	if (before.guest?.has('ig_state_save') !== true || after.guest?.has('ig_state_restore') !== true) return false;
	const without = (cause: unknown): false => {
		if (!(cause instanceof GuestFailure)) throw cause;
		log('warn', `operator ${name} ${cause.message}; the new version begins without the old one's state`);
		return false;
	};
	let saved: Uint8Array | undefined;
	try {
		before.call('state_save', (guest) => {
			saved = guest.saveState(index);
		});
	} catch (cause) {
		return without(cause);
	}
	if (saved === undefined) return false;
	const state = saved;
	try {
		after.call('state_restore', (guest) => guest.restoreState(index, state));
	} catch (cause) {
		if (cause instanceof GuestFailure && cause.fatal) throw cause;
		return without(cause);
	}
	return true;
}
