/** Tells when a call of an operator has taken longer than its limit, fairly on a machine that is busy or stands still. */
import { readFileSync } from 'node:fs';
import type { Call } from '../operator/limits.js';
import type { Control } from './control.js';

/** A call that is to be cut off. */
export interface Overrun {
	readonly operator: number;
	readonly call: Call;
	readonly limitMs: number;
	/** How long it has run. */
	readonly milliseconds: number;
}

/** Of a thread, ns. */
interface Schedule {
	/** On a CPU. */
	readonly ran: number;
	/** Ready, but not let on a CPU. */
	readonly queued: number;
}

/** proc(5), schedstat. A kernel without it: the wall clock alone decides. */
function scheduleOf(thread: number): Schedule {
	try {
		const [ran, queued] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ').map(Number);
		return { ran: ran ?? 0, queued: queued ?? 0 };
	} catch {
		return { ran: Number.POSITIVE_INFINITY, queued: 0 };
	}
}

/** A call that is past half of its limit. */
interface Suspect {
	readonly count: number;
	/** ns on a CPU before the suspicion. */
	readonly ran: number;
	/** When it was looked at last, ms, and its schedule then. */
	lookedAt: number;
	last: Schedule;
	/** ms in which it neither ran nor waited for a CPU: it sleeps in a call of the host's. */
	slept: number;
}

/** Part of the limit that a call must have spent on a CPU since it became a suspect. */
const RAN = 0.4;
/** Limits that a call may sleep. More than one: what a hypervisor gave to others, and waiting for a page, look like sleep. */
const SLEPT = 10;

export class Watchdog {
	readonly #control: Control;
	readonly #limit: (operator: number, call: Call) => number;
	readonly #everyMs: number;
	#suspect: Suspect | undefined;

	/** `limit`: milliseconds. {@link look} is called about every `everyMs`. */
	constructor(control: Control, limit: (operator: number, call: Call) => number, everyMs: number) {
		this.#control = control;
		this.#limit = limit;
		this.#everyMs = everyMs;
	}

	/** Looks at the call that runs, if any. */
	look(): Overrun | undefined {
		const running = this.#control.running();
		const limitMs = running === undefined ? 0 : this.#limit(running.operator, running.call);
		if (running === undefined || running.milliseconds < limitMs / 2) {
			this.#suspect = undefined;
			return undefined;
		}
		const schedule = scheduleOf(this.#control.thread);
		const now = performance.now();
		if (this.#suspect?.count !== running.count) {
			this.#suspect = { count: running.count, ran: schedule.ran, lookedAt: now, last: schedule, slept: 0 };
			return undefined;
		}
		const suspect = this.#suspect;
		// While the whole process stands still (SIGSTOP, a paused machine), this thread does not look either: no time passes.
		const passed = Math.min(now - suspect.lookedAt, 2 * this.#everyMs);
		const accounted = (schedule.ran - suspect.last.ran + schedule.queued - suspect.last.queued) / 1e6;
		if (passed > accounted) suspect.slept += passed - accounted;
		suspect.lookedAt = now;
		suspect.last = schedule;
		if (running.milliseconds < limitMs) return undefined;
		const ranLong = schedule.ran === Number.POSITIVE_INFINITY || schedule.ran - suspect.ran >= limitMs * RAN * 1e6;
		if (!ranLong && suspect.slept < limitMs * SLEPT) return undefined;
		this.#suspect = undefined;
		return { operator: running.operator, call: running.call, limitMs, milliseconds: running.milliseconds };
	}
}
