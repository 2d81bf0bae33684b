/** Another version of a module on its way into the chain, a step at a time: batches run in between, so that no event waits for long. */
import type { Chain } from './chain.js';
import type { Control } from './control.js';
import type { ToWorker } from './messages.js';

/** Batches get so much more time than the step before them took, while there are any. */
const BATCH_SHARE = 2;

export class Exchange {
	readonly message: ToWorker & { type: 'swap' };
	/** ms that the longest step took: for as long the pipeline stood still. */
	longest = 0;
	#on: { readonly chain: Chain; readonly steps: Generator<void, void> } | undefined;
	#resting = 0;

	constructor(message: ToWorker & { type: 'swap' }) {
		this.message = message;
	}

	/** Whether it is its turn although batches wait. */
	get due(): boolean {
		return performance.now() >= this.#resting;
	}

	/**
	 * Does the next step; true when it was the last one. The region must hold no batch. With another chain than before, which was made
	 * since a built-in operator failed, all begins anew. @throws GuestFailure
	 */
	step(chain: Chain, control: Control): boolean {
		const began = performance.now();
		const { module, next, operators } = this.message;
		if (this.#on?.chain !== chain) this.#on = { chain, steps: chain.swap(module, next, operators) };
		control.swapping = true;
		let done: boolean | undefined;
		try {
			done = this.#on.steps.next().done;
		} finally {
			control.swapping = false;
		}
		const ended = performance.now();
		this.longest = Math.max(this.longest, ended - began);
		this.#resting = ended + (ended - began) * BATCH_SHARE;
		return done === true;
	}
}
