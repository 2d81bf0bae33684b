/** An operator that started once, and does not start again. */
import { afterEach, expect, test, vi } from 'vitest';
import { compileModule } from '../../host/operator/load.js';
import { wasm } from '../hostile/modules.js';
import { chains, ROWS } from '../support/chain.js';

afterEach(() => vi.restoreAllMocks());
const afterwards = (): void => void vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2101, 0));
const all = { delivered: ROWS, filtered: 0, dropped: 0 };

test('after a trap it is out of the run with the reason, and the rows go on', async () => {
	const running = await chains(await compileModule(await wasm('wasi-expires'), 'expires.wasm'));
	const chain = running.make();
	afterwards();
	expect(running.batch(chain)).toEqual(all);
	expect(running.control.get(0, 'Quarantined')).toBe(1);
	expect(running.reasons).toEqual(['failed in ig_batch: unreachable', 'failed in ig_init: unreachable when it was started again']);
	expect(running.log.at(-1)).toBe('operator expires failed in ig_init: unreachable when it was started again; it is out of this run');
	expect(running.batch(chain)).toEqual(all);
});

test('with a new home memory, too', async () => {
	const running = await chains(await compileModule(await wasm('wasi-expires'), 'expires.wasm'));
	const chain = running.make();
	afterwards();
	const next = running.make(chain);
	expect(running.control.get(0, 'Quarantined')).toBe(1);
	expect(running.reasons).toEqual(['failed in ig_init: unreachable when it was started again']);
	expect(running.batch(next)).toEqual(all);
	// And it is not tried a third time.
	running.make(next);
	expect(running.reasons).toHaveLength(1);
});
