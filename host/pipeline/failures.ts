/** What a chain throws when an operator cannot go on. */

/** An operator that is not to be called for the batch at hand: it hung, or took the home memory down. */
export interface Guilty {
	readonly operator: number;
	readonly reason: string;
}

/** A built-in operator failed, and its memory, which holds the batch, cannot be trusted: make a new chain and run the batch again. */
export class HomeLost extends Error {
	readonly guilty: Guilty;
	constructor(guilty: Guilty) {
		super(guilty.reason);
		this.guilty = guilty;
	}
}

/** An operator whose `onError` is `stop` failed. */
export class OperatorStop extends Error {
	readonly operator: string;
	constructor(operator: string, reason: string) {
		super(reason);
		this.operator = operator;
	}
}

/** An operator could not be initialised; the run cannot start. */
export class InitFailed extends Error {
	readonly operator: string;
	constructor(operator: string, reason: string) {
		super(reason);
		this.operator = operator;
	}
}
