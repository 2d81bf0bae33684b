/** What a guest gets for what it asks of the host: an errno for everything that is wrong, and never more. */
import { describe, expect, test } from 'vitest';
import { Errno } from '../../host/operator/errno.js';
import { makeImports } from '../../host/operator/imports.js';
import { LineLimit } from '../../host/operator/lines.js';
import { InitSession } from '../../host/operator/session.js';
import { LinkAccess } from '../../host/pipeline/access.js';
import { Emissions } from '../../host/pipeline/emission.js';
import { Metrics } from '../../host/pipeline/metrics.js';
import { Kind } from '../../host/schema.js';
import { numbersSource } from '../support/schema.js';

const MEMORY = 65536;
/** Where texts are put. */
const TEXT = 1024;

/** A guest in its init with these grants; `started` makes what it added its own, as after init. */
function guest(grants: readonly string[], limits = { rows: 100, metrics: 2 }) {
	const memory = new Uint8Array(MEMORY);
	const emissions = new Emissions();
	const metrics = new Metrics([limits.metrics]);
	const maps = [{ name: 'start', fd: -1, type: 1, keySize: 4, valueSize: 8, maxEntries: 16 }];
	const access = new LinkAccess({ operator: 0, grants, mostRows: limits.rows, emissions, metrics, maps });
	const session = new InitSession([numbersSource()], limits.metrics);
	const state = { initialising: true, called: true };
	const imports = makeImports({
		memory: () => memory,
		session: () => (state.initialising ? session : undefined),
		access: () => (state.called ? access : undefined),
		lines: new LineLimit(() => {}, 50),
	}).ig as Record<string, (...args: number[]) => number>;
	const call = (name: string, ...args: number[]): number => imports[name]?.(...args) ?? Number.NaN;
	const text = (value: string): [number, number] => {
		const bytes = new TextEncoder().encode(value);
		memory.set(bytes, TEXT);
		return [TEXT, bytes.length];
	};
	const started = () => {
		state.initialising = false;
		const added = session.sources.map(({ recordSize }, ds) => [ds, recordSize] as const).slice(1);
		access.know(session.effects, new Map(added));
		access.emitting = true;
	};
	return { memory, session, state, call, text, started, emissions, metrics, access };
}

const all = ['emit:totals', 'metric', 'map:start:rw'];
const source = (one: ReturnType<typeof guest>, type = 1, size = 16): number => one.call('source_add', ...one.text('totals'), type, size);

describe('a new data source', () => {
	test('has the next id, and fields with the next ids of their own', () => {
		const one = guest(all);
		expect(source(one)).toBe(1);
		expect(one.call('source_field', 1, -1, ...one.text('n'), Kind.Uint64, 0, 0, 8)).toBe(0);
		expect(one.call('source_field', 1, -1, ...one.text('name'), Kind.CString, 4, 8, 8)).toBe(1);
		expect(one.session.sources[1]).toMatchObject({ name: 'totals', type: 'single', recordSize: 16 });
		expect(one.session.sources[1]?.fields[1]).toMatchObject({ name: 'name', offset: 8, size: 8, flags: 20, slot: -1 });
	});

	test.each([
		['a type that there is not', (one: ReturnType<typeof guest>) => source(one, 3), Errno.INVAL],
		['rows of no bytes', (one: ReturnType<typeof guest>) => source(one, 1, 0), Errno.INVAL],
		['rows of more than 64 KiB', (one: ReturnType<typeof guest>) => source(one, 1, 65537), Errno.INVAL],
		['rows of -1 bytes', (one: ReturnType<typeof guest>) => source(one, 1, -1), Errno.INVAL],
		['a name outside of the memory', (one: ReturnType<typeof guest>) => one.call('source_add', MEMORY - 1, 6, 1, 8), Errno.FAULT],
		['a name that wraps', (one: ReturnType<typeof guest>) => one.call('source_add', -4, 8, 1, 8), Errno.FAULT],
		[
			'another name than was granted',
			(one: ReturnType<typeof guest>) => one.call('source_add', ...one.text('other'), 1, 8),
			Errno.NOTCAPABLE,
		],
	])('with %s is refused', (_, run, errno) => {
		const one = guest(all);
		expect(run(one)).toBe(-errno);
		expect(one.session.sources).toHaveLength(1);
		expect(one.session.effects).toEqual([]);
	});

	test('that exists already is refused, and so is one after init or without the grant', () => {
		const twice = guest(all);
		source(twice);
		expect(source(twice)).toBe(-Errno.EXIST);
		const late = guest(all);
		late.started();
		expect(source(late)).toBe(-Errno.NOTCAPABLE);
		expect(source(guest(['metric']))).toBe(-Errno.NOTCAPABLE);
	});

	test.each([
		['beyond the row', [-1, 'x', Kind.Uint64, 0, 16, 8], Errno.INVAL],
		['that wraps', [-1, 'x', Kind.Uint64, 0, -8, 8], Errno.INVAL],
		['of another size than its kind', [-1, 'x', Kind.Uint64, 0, 0, 4], Errno.INVAL],
		['of a kind that there is not', [-1, 'x', 99, 0, 0, 8], Errno.INVAL],
		['that is a string in a column', [-1, 'x', Kind.String, 0, 0, 8], Errno.INVAL],
		['below nothing', [7, 'x', Kind.Uint64, 0, 0, 8], Errno.NOENT],
		['with a dot in its name', [-1, 'a.b', Kind.Uint64, 0, 0, 8], Errno.INVAL],
	] as const)('takes no field %s', (_, [parent, name, ...rest], errno) => {
		const one = guest(all);
		source(one);
		expect(one.call('source_field', 1, parent, ...one.text(name), ...rest)).toBe(-errno);
		expect(one.session.sources[1]?.fields).toEqual([]);
	});

	test('is only its own: neither columns nor overrides in it, nor fields in the rows of others', () => {
		const one = guest(all);
		source(one);
		one.call('source_field', 1, -1, ...one.text('n'), Kind.Uint64, 0, 0, 8);
		expect(one.call('field_add', 1, -1, ...one.text('x'), Kind.String, 0)).toBe(-Errno.PERM);
		expect(one.call('field_override', 1, 0, Kind.String)).toBe(-Errno.PERM);
		expect(one.call('source_field', 0, -1, ...one.text('x'), Kind.Uint64, 0, 0, 8)).toBe(-Errno.PERM);
		expect(one.call('source_annotate', 0, ...one.text('k'), ...one.text('v'))).toBe(-Errno.PERM);
	});
});

describe('emit', () => {
	const ready = () => {
		const one = guest(all);
		source(one);
		one.started();
		return one;
	};

	test('copies the rows, from any stride', () => {
		const one = ready();
		one.memory.fill(7, 4096, 4096 + 3 * 24);
		expect(one.call('emit', 1, 4096, 3, 24)).toBe(3);
		one.memory.fill(0);
		one.emissions.keep();
		expect(one.emissions.commit()).toBe(3);
		const emission = one.emissions.next();
		expect(emission).toMatchObject({ operator: 0, ds: 1, rows: 3 });
		expect([...(emission?.records ?? [])]).toEqual([0, 1, 2].flatMap(() => [16, ...new Array(7).fill(0), ...new Array(16).fill(7)]));
	});

	test.each([
		['nothing', [1, 4096, 0, 16], 0],
		['of a data source of the gadget', [0, 4096, 1, 32], -Errno.NOTCAPABLE],
		['of one that there is not', [9, 4096, 1, 16], -Errno.NOTCAPABLE],
		['of number -1', [-1, 4096, 1, 16], -Errno.NOTCAPABLE],
		['with a stride below the size', [1, 4096, 1, 8], -Errno.INVAL],
		['with a stride of 0', [1, 4096, 5, 0], -Errno.INVAL],
		['past the end', [1, MEMORY - 16, 2, 16], -Errno.FAULT],
		['that wraps', [1, -16, 1, 16], -Errno.FAULT],
		['2^32 - 1 rows', [1, 4096, -1, 16], -Errno.FAULT],
		['2^32 - 1 rows of 2^32 - 1 bytes', [1, 4096, -1, -1], -Errno.FAULT],
		['more rows than a call may', [1, 0, 101, 16], -Errno.NOSPC],
	] as const)('%s', (_, args, result) => {
		const one = ready();
		expect(one.call('emit', ...args)).toBe(result);
		one.emissions.keep();
		expect(one.emissions.commit()).toBe(0);
	});

	test('counts the rows of all its calls together, and anew in the next call of the operator', () => {
		const one = ready();
		expect(one.call('emit', 1, 0, 60, 16)).toBe(60);
		expect(one.call('emit', 1, 0, 60, 16)).toBe(-Errno.NOSPC);
		expect(one.call('emit', 1, 0, 40, 16)).toBe(40);
		one.emissions.keep();
		one.emissions.begin();
		expect(one.call('emit', 1, 0, 100, 16)).toBe(100);
	});

	test('is for certain calls only', () => {
		const one = ready();
		one.access.emitting = false;
		expect(one.call('emit', 1, 0, 1, 16)).toBe(-Errno.NOTCAPABLE);
		one.state.called = false;
		expect(one.call('emit', 1, 0, 1, 16)).toBe(-Errno.NOTCAPABLE);
		one.state.called = true;
		one.state.initialising = true;
		expect(one.call('emit', 1, 0, 1, 16)).toBe(-Errno.NOTCAPABLE);
	});
});

describe('metrics', () => {
	const add = (one: ReturnType<typeof guest>, kind: number, name: string): number => {
		const [at, size] = one.text(name);
		return one.call('metric_add', kind, at, size, 0, 0);
	};

	test('count, are set, and are distributed', () => {
		const one = guest(all, { rows: 0, metrics: 3 });
		expect([0, 1, 2].map((kind) => add(one, kind, `m${kind}`))).toEqual([0, 1, 2]);
		one.started();
		for (const value of [1, 2, 5]) for (const metric of [0, 1, 2]) expect(one.call('metric_record', metric, value)).toBe(0);
		const stats = one.metrics.of(0, 'x', one.session.result());
		expect(stats.map(({ value }) => value)).toEqual([8, 5, 8]);
		expect(stats[2]?.histogram).toMatchObject({ count: 3, sum: 8, least: 1, greatest: 5 });
		expect(stats[2]?.histogram?.buckets.slice(0, 5)).toEqual([0, 1, 1, 1, 0]);
	});

	test('refuse what is no number of theirs', () => {
		const one = guest(all);
		expect(add(one, 3, 'x')).toBe(-Errno.INVAL);
		expect(add(one, 0, '1x')).toBe(-Errno.INVAL);
		expect(add(one, 0, '\x1b[31m')).toBe(-Errno.INVAL);
		expect(add(one, 0, 'x')).toBe(0);
		expect(add(one, 1, 'x')).toBe(-Errno.EXIST);
		expect(add(one, 1, 'y')).toBe(1);
		expect(add(one, 1, 'z')).toBe(-Errno.NOSPC);
		expect(one.call('metric_record', 0, 1)).toBe(-Errno.NOTCAPABLE);
		one.started();
		expect(one.call('metric_record', 0, -1)).toBe(-Errno.INVAL);
		expect(one.call('metric_record', 0, Number.NaN)).toBe(-Errno.INVAL);
		expect(one.call('metric_record', 0, Number.POSITIVE_INFINITY)).toBe(-Errno.INVAL);
		expect(one.call('metric_record', 1, -1)).toBe(0);
		expect(one.call('metric_record', 2, 1)).toBe(-Errno.BADF);
		expect(one.call('metric_record', -1, 1)).toBe(-Errno.BADF);
		expect(one.call('metric_record_all', 0, MEMORY - 8, 2)).toBe(-Errno.FAULT);
		expect(one.call('metric_record_all', 0, 0, 65537)).toBe(-Errno['2BIG']);
	});

	test('are not there without the grant', () => {
		const one = guest(['log']);
		expect(add(one, 0, 'x')).toBe(-Errno.NOTCAPABLE);
	});
});

describe('maps', () => {
	test('are opened by those who were granted them, with what they may do', () => {
		const one = guest(['map:start']);
		expect(one.call('map_open', ...one.text('start'), 4096)).toBe(0);
		expect([...new Uint32Array(one.memory.buffer, 4096, 8)]).toEqual([1, 4, 8, 16, 0, 0, 0, 0]);
		expect(one.call('map_open', ...one.text('start'), 4096)).toBe(0);
		expect(one.call('map_update', 0, 0, 0, 0)).toBe(-Errno.NOTCAPABLE);
		expect(one.call('map_delete', 0, 0)).toBe(-Errno.NOTCAPABLE);
		expect(guest(['metric']).call('map_open', TEXT, 5, 4096)).toBe(-Errno.NOTCAPABLE);
		expect(guest(['map:other']).call('map_open', ...guest([]).text('other'), 4096)).toBe(-Errno.NOTCAPABLE);
	});

	test('that the gadget has not are ENOENT; handles that were not given are EBADF', () => {
		const one = guest(['map:other', 'map:start']);
		expect(one.call('map_open', ...one.text('other'), 4096)).toBe(-Errno.NOENT);
		for (const map of [0, -1, 99]) {
			expect(one.call('map_lookup', map, 0, 0)).toBe(-Errno.BADF);
			expect(one.call('map_update', map, 0, 0, 0)).toBe(-Errno.BADF);
			expect(one.call('map_delete', map, 0)).toBe(-Errno.BADF);
			expect(one.call('map_read', map, 0, 0, 64)).toBe(-Errno.BADF);
		}
	});

	test('read and write nothing outside of the memory', () => {
		const one = guest(['map:start:rw']);
		expect(one.call('map_open', ...one.text('start'), MEMORY - 31)).toBe(-Errno.FAULT);
		one.call('map_open', ...one.text('start'), 4096);
		expect(one.call('map_lookup', 0, MEMORY - 3, 0)).toBe(-Errno.FAULT);
		expect(one.call('map_lookup', 0, 0, MEMORY - 7)).toBe(-Errno.FAULT);
		expect(one.call('map_update', 0, -2, 0, 0)).toBe(-Errno.FAULT);
		expect(one.call('map_delete', 0, -2)).toBe(-Errno.FAULT);
		expect(one.call('map_read', 0, 0, MEMORY - 8, 16)).toBe(-Errno.FAULT);
		expect(one.call('map_read', 0, -1, 0, 64)).toBe(-Errno.FAULT);
		expect(one.call('map_read', 0, 0, 0, 15)).toBe(-Errno.INVAL);
	});
});
