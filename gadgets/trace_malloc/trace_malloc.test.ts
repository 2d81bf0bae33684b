import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { filtersTest, fixture, type Identity, identity, igDuring, jsonLines, linesOf } from '../../test/support/live.js';

interface MemoryEvent extends Identity {
	readonly operation: string;
	readonly operation_raw: number;
	readonly addr: number;
	readonly size: number;
	readonly ustack: { readonly stack_id: number; readonly tgid_level0: number };
}

interface Done {
	readonly pid: number;
	readonly tid: number;
	readonly operation: string;
	readonly addr: number;
	readonly size: number;
}

const allocator = fixture('allocator');
const operations = [
	...['malloc', 'free', 'calloc', 'realloc', 'realloc_free', 'mmap', 'munmap', 'posix_memalign', 'aligned_alloc', 'valloc', 'memalign'],
	'pvalloc',
];

async function trace(flags: readonly string[]): Promise<{ events: MemoryEvent[]; done: Done[] }> {
	let done: Done[] = [];
	const result = await igDuring(['trace_malloc', '-o', 'json', '--comm', 'allocator', ...flags], () => {
		done = linesOf<Done>(execFileSync(allocator, [], { encoding: 'utf8' }));
	});
	expect(result.code).toBe(0);
	return { events: jsonLines<MemoryEvent>(result), done };
}

test('each way to take memory and to give it back appears once, with every field right', async () => {
	const { events, done } = await trace([]);
	// In glibc before 2.38 these are one function.
	const aliases = ['aligned_alloc', 'memalign'];
	// The allocator's own: stdio takes memory, too, for its buffer.
	const first = events.findIndex(({ size }) => size === 1234);
	expect(events.slice(first, first + done.length)).toMatchObject(
		done.map(({ operation, addr, size, pid, tid }) => ({
			...{ addr, size, ...identity('allocator', { pid, tid }) },
			...(aliases.includes(operation)
				? { operation: expect.stringMatching(/^(aligned_alloc|memalign)$/) }
				: { operation, operation_raw: operations.indexOf(operation) }),
		})),
	);
	expect(events[first]?.ustack).toMatchObject({ stack_id: 0, tgid_level0: 0 });
	expect(Math.abs(Date.parse(events[first]?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
});

test('--collect-ustack takes the stack of each call', async () => {
	const { events, done } = await trace(['--collect-ustack']);
	expect(events.find(({ size }) => size === 4321)?.ustack).toMatchObject({ tgid_level0: done[0]?.pid });
});

filtersTest<MemoryEvent>('trace_malloc', allocator, [], ({ size }) => size === 1234);
