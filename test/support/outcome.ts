/** What came out of a run over `numbersSource()`. */
import { expect } from 'vitest';
import type { Outcome } from './pipeline.js';

/** The numbers of the rows that `json` wrote, in order. */
export function numbersIn({ output }: Outcome): number[] {
	return output
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => (JSON.parse(line) as { number: number }).number);
}

/** submitted = delivered + filtered + lost + dropped. */
export function expectIdentity({ stats }: Outcome): void {
	expect(stats.delivered + stats.filtered + stats.lost + stats.dropped).toBe(stats.submitted);
}
