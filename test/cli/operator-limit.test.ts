import { describe, expect, it } from 'vitest';
import { parseLimits } from '../../host/cli/operator-limit.js';
import { defaultLimits } from '../../host/operator/limits.js';

const limits = (...given: string[]) => parseLimits(undefined, given, 'help');

describe('--operator-limit', () => {
	it('changes what it names, for all operators of the user', () => {
		const { of } = limits('memory=64MiB,init=2s,batch=500,log=200/s', 'rows=10');
		expect(of('any')).toEqual({
			...defaultLimits,
			memory: 64 << 20,
			log: 200,
			rows: 10,
			ms: { ...defaultLimits.ms, init: 2000, batch: 500 },
		});
	});

	it('with a name is for that operator, whatever comes later for all', () => {
		const { of, names } = limits('slow:batch=2s', 'batch=100ms');
		expect(of('slow').ms.batch).toBe(2000);
		expect(of('other').ms.batch).toBe(100);
		expect(names).toEqual(['slow']);
	});

	it('reaches the built-in operators only by name', () => {
		const { of } = limits('log=1', 'json:log=2');
		expect(of('columns', true).log).toBe(defaultLimits.log);
		expect(of('json', true).log).toBe(2);
	});

	it.each([
		['btach=1', "unknown key 'btach' (did you mean batch?)"],
		['batch', 'needs a value'],
		['batch=', 'needs a value'],
		['batch=0', 'less than 1 ms'],
		['memory=1', 'not between 64KiB and 4GiB'],
		['memory=much', 'not a size'],
		['rows=-1', 'not a whole number'],
		['x:log=1e3', 'not a whole number'],
	])('%s is refused', (text, reason) => {
		expect(() => limits(text)).toThrow(reason);
	});
});

describe('--operator-deadline', () => {
	it('is for batches and ticks; what happens once is never shorter', () => {
		const { ms } = parseLimits('5s', [], 'help').of('any');
		expect(ms).toMatchObject({ batch: 5000, tick: 5000, start: 5000, init: 5000 });
		expect(parseLimits('10ms', [], 'help').of('any').ms).toMatchObject({ batch: 10, tick: 10, init: 3000 });
	});

	it('does not make our own operators fail on a slow machine', () => {
		expect(parseLimits('10ms', [], 'help').of('json', true).ms.batch).toBe(1000);
	});
});
