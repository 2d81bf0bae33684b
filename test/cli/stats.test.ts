import { describe, expect, it } from 'vitest';
import { identity, missing, statsTable } from '../../host/cli/stats.js';
import type { PipelineStats } from '../../host/pipeline/plan.js';

const stats: PipelineStats = {
	...{ submitted: 100, delivered: 90, filtered: 10, filteredByKernel: 0, lost: 0, dropped: 0 },
	...{ emitted: { emitted: 0, delivered: 0, filtered: 0, dropped: 0 }, metrics: [] },
	operators: [
		{
			...{ name: 'filter', batches: 3, rowsIn: 100, rowsOut: 90, nanoseconds: 1550, memoryBytes: 1 << 20, errors: 0, dropped: 0 },
			emitted: 0,
			...{ state: 'running', limitsHit: { time: 0, log: 0, rows: 0, memory: false } },
		},
		{
			...{ name: 'bad', batches: 0, rowsIn: 0, rowsOut: 0, nanoseconds: 0, memoryBytes: 65536, errors: 3, dropped: 0 },
			emitted: 0,
			...{ state: 'quarantined', reason: 'failed in ig_batch: unreachable', limitsHit: { time: 1, log: 950, rows: 7, memory: true } },
		},
	],
};

describe('statistics', () => {
	it('are a table and the identity', () => {
		expect(statsTable(stats)).toBe(
			[
				'OPERATOR  BATCHES  ROWS IN  ROWS OUT  NS/ROW   MEMORY  ERRORS  LIMITS HIT                       STATE',
				'filter          3      100        90    15.5  1.0 MiB       0  -                                running',
				'bad             0        0         0       -   64 KiB       3  time 1, log 950, rows 7, memory  quarantined: failed in ig_batch: unreachable',
				'submitted 100 = delivered 90 + filtered 10 + lost 0',
			].join('\n'),
		);
	});

	it('tell what is missing only when something is', () => {
		expect(missing(stats)).toBeUndefined();
		expect(missing({ ...stats, lost: 7, submitted: 107 })).toBe('submitted 107 = delivered 90 + filtered 10 + lost 7');
		expect(missing({ ...stats, dropped: 1, delivered: 89 })).toBe('submitted 100 = delivered 89 + filtered 10 + lost 0 + dropped 1');
	});

	it('show what is still on its way, so that the identity always holds', () => {
		expect(identity({ ...stats, delivered: 80 })).toBe('submitted 100 = delivered 80 + filtered 10 + lost 0 + in flight 10');
	});
});
