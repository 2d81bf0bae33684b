/** Opens the modules of a chain, under the supervisor's eyes. */
import { BREAKS, type Guest } from '../operator/guest.js';
import { LineLimit, type LogLevel } from '../operator/lines.js';
import type { ModulePlan } from '../operator/module.js';
import { openGuest } from '../operator/open.js';
import type { Control } from './control.js';
import type { OperatorPlan } from './plan.js';

/** An instance, and where its batches are. */
export interface Opened {
	readonly guest: Guest;
	/** Address of a region. */
	readonly region: number;
}

export class Opener {
	readonly #control: Control;
	readonly #log: (level: LogLevel, text: string) => void;
	/** Bytes of a region. */
	readonly #capacity: number;

	constructor(control: Control, log: (level: LogLevel, text: string) => void, capacity: number) {
		this.#control = control;
		this.#log = log;
		this.#capacity = capacity;
	}

	/** `id`: of the (first) operator that lives in it. @throws GuestFailure */
	open(module: ModulePlan, operator: OperatorPlan, id: number): Opened {
		const guest = this.make(module, operator, id);
		return { guest, region: this.room(guest, id) };
	}

	/** An instance without room for batches. @throws GuestFailure */
	make(module: ModulePlan, { name, limits, world }: OperatorPlan, id: number): Guest {
		// One line each: a stranger's operator must not be able to write what looks like ig's own line.
		const show = (level: LogLevel, text: string): void => this.#log(level, `${name}: ${text.replace(BREAKS, ' ↵ ')}`);
		const lines = new LineLimit(show, limits.log, () => this.#control.add(id, 'Held', 1));
		return this.#control.during(id, 'init', () => openGuest(module, lines, world));
	}

	/** Room for batches: the address of a region. @throws GuestFailure */
	room(guest: Guest, id: number): number {
		return this.#control.during(id, 'init', () => guest.alloc(this.#capacity));
	}
}
