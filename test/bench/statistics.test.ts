import { describe, expect, it } from 'vitest';
import { chainCost, parseStats } from './stats-table.js';
import { short, spread, summarize } from './statistics.js';

describe('summarize', () => {
	it('takes the middle run, or the middle of two', () => {
		expect(summarize([9, 1, 2])).toEqual({ median: 2, low: 1, high: 9, runs: 3 });
		expect(summarize([4, 1, 2, 9]).median).toBe(3);
	});
});

describe('short', () => {
	it.each([
		[0, '0'],
		[0.5123, '0.512'],
		[1.2345, '1.23'],
		[23.45, '23.4'],
		[1234567, '1,234,567'],
	])('%d is %s', (value, text) => expect(short(value)).toBe(text));

	it('shows the spread of several runs', () => {
		expect(spread(summarize([1, 2, 3]))).toBe('2.00 (1.00–3.00)');
		expect(spread(summarize([2]))).toBe('2.00');
	});
});

describe('parseStats', () => {
	const table = [
		'warning: something before',
		'OPERATOR    BATCHES  ROWS IN  ROWS OUT  NS/ROW   MEMORY  ERRORS  STATE',
		'filter           98    20000      5000    10.0  3.2 MiB       0  running',
		'json             98     5000      5000     200  3.2 MiB       0  running',
		'idle              0        0         0       -  3.2 MiB       0  running',
		'submitted 20000 = delivered 5000 + filtered 15000 + lost 0',
	].join('\n');

	it('reads the operators that saw rows', () => {
		expect(parseStats(table).map(({ name, rowsOut, nsPerRow }) => [name, rowsOut, nsPerRow])).toEqual([
			['filter', 5000, 10],
			['json', 5000, 200],
		]);
	});

	it('spreads what later operators cost over the rows that came in', () => {
		expect(chainCost(parseStats(table))).toBe(60);
	});
});
