import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchSpec } from '../../host/ebpf/batch.js';
import { readSources } from '../../host/ebpf/data-sources.js';
import { ensureTracefs } from '../../host/ebpf/tracefs.js';
import type { BpfObject } from '../../host/ebpf/object.js';
import type { Link } from '../../host/ebpf/programs.js';
import { openSource, type Source } from '../../host/ebpf/source.js';
import { openFixture, u32 } from './fixture.js';

const FIRST = 5_000_000;
const ARRAY = 1;
const MORE = 2;
const CONTINUED = 4;
const HEADER = { flags: 12, rows: 20, stride: 24, first: 28 };

let object: BpfObject;
let source: Source;
const links: Link[] = [];
const region = new Uint8Array(1 << 20);
const view = new DataView(region.buffer);

beforeEach(() => {
	ensureTracefs({ autoMount: true });
	object = openFixture('snapshots');
	object.setGlobal('caller', u32(process.pid));
	object.load();
	object.attach();
	source = openSource();
});

afterEach(() => {
	source.free();
	for (const link of links.splice(0)) link.close();
	object.close();
});

/** The event that the fixture counts: a signal to nobody. */
function call(number: number): void {
	try {
		process.kill(FIRST + number, 0);
	} catch {
		// ESRCH
	}
}

function spec(recordSize: number, maxRows = 4096): BatchSpec {
	return new BatchSpec({ dataSource: 0, array: true, recordSize, maxRows, maxBytes: 256 << 10, fields: [] });
}

/** A map of the fixture as an input, taken at once. */
function mapInput(name: string, keep = false): number {
	const found = readSources(object).find(({ dataSource }) => dataSource.name === name);
	if (found?.origin.kind !== 'map') throw new Error(`no map iterator ${name}`);
	const input = source.addMap(object.map(found.origin.map).fd, { ...found.origin, keep });
	source.schedule(input, { intervalMs: 0, count: 1, onStop: true });
	return input;
}

interface Row {
	readonly number: number;
	readonly calls: number;
	readonly last: bigint;
	readonly pid: number;
	readonly size: number;
}

/** The rows of the batch in the region: struct call_key, padding, struct call_value. */
function rows(): Row[] {
	const first = view.getUint32(HEADER.first, true);
	return Array.from({ length: view.getUint32(HEADER.rows, true) }, (_, i) => {
		const at = first + i * view.getUint32(HEADER.stride, true);
		return {
			number: view.getUint32(at, true),
			calls: Number(view.getBigUint64(at + 8, true)),
			last: view.getBigUint64(at + 16, true),
			pid: view.getUint32(at + 24, true),
			size: view.getUint32(at + 32, true),
		};
	}).sort((a, b) => a.number - b.number);
}

const RECORD = 48;

describe.each(['plains', 'recents', 'spreads'])('the map of %s', (name) => {
	it('is taken out of the kernel in one snapshot, entries with key and value', () => {
		const input = mapInput(name);
		for (const number of [1, 2, 2, 3, 3, 3]) call(number);
		expect(source.fill(input, region, spec(RECORD), 0, 0).rows).toBe(-1);
		source.start();
		expect(source.fill(input, region, spec(RECORD), 0, 0).rows).toBe(3);
		expect(view.getUint32(HEADER.flags, true)).toBe(ARRAY);
		expect(rows()).toMatchObject([
			{ number: 1, calls: 1, pid: process.pid, size: 1 },
			{ number: 2, calls: 2, pid: process.pid, size: 4 },
			{ number: 3, calls: 3, pid: process.pid, size: 9 },
		]);
		expect(rows().every(({ last }) => last > 0n)).toBe(true);
		source.commit(input);

		// Nothing more is due; at the stop, what came since.
		call(7);
		expect(source.fill(input, region, spec(RECORD), 1, 0).rows).toBe(-1);
		expect(source.over()).toBe(false);
		source.stop();
		expect(source.fill(input, region, spec(RECORD), 1, 0).rows).toBe(1);
		expect(rows()).toMatchObject([{ number: 7, calls: 1 }]);
		source.commit(input);
		expect(source.over()).toBe(true);
	});

	it('keeps its entries when it is told to', () => {
		const input = mapInput(name, true);
		for (const number of [1, 2]) call(number);
		source.start();
		for (let round = 0; round < 2; round++) {
			expect(source.fill(input, region, spec(RECORD), round, 0).rows).toBe(2);
			expect(rows()).toMatchObject([{ number: 1 }, { number: 2 }]);
			source.commit(input);
			source.stop();
		}
	});
});

it('a snapshot larger than a batch comes in parts, and again if it was not committed', () => {
	const input = mapInput('plains');
	for (let number = 0; number < 2500; number++) call(number);
	source.start();
	const small = spec(RECORD, 1000);
	const seen = new Set<number>();
	const flags: number[] = [];
	for (let part = 0; part < 3; part++) {
		const { rows: count } = source.fill(input, region, small, part, 0);
		source.rewind(input);
		expect(source.fill(input, region, small, part, 0).rows).toBe(count);
		for (const { number } of rows()) seen.add(number);
		flags.push(view.getUint32(HEADER.flags, true));
		source.commit(input);
	}
	expect(seen.size).toBe(2500);
	expect(flags).toEqual([ARRAY | MORE, ARRAY | MORE | CONTINUED, ARRAY | CONTINUED]);
	expect(source.fill(input, region, small, 3, 0).rows).toBe(-1);
});

it('an empty map is an empty snapshot', () => {
	const input = mapInput('plains');
	source.start();
	expect(source.fill(input, region, spec(RECORD), 0, 0).rows).toBe(0);
	expect(view.getUint32(HEADER.rows, true)).toBe(0);
	source.commit(input);
	expect(source.fill(input, region, spec(RECORD), 1, 0).rows).toBe(-1);
});

it('an iterator over a map shows what is in it', () => {
	const link = object.program('list_plain').attachIterator(object.map('plain'));
	links.push(link);
	const input = source.addIters([{ link: link.fd, ofNetwork: false }], 4);
	source.schedule(input, { intervalMs: 0, count: 1, onStop: false });
	for (const number of [4, 5]) call(number);
	source.start();
	expect(source.fill(input, region, spec(4), 0, 0).rows).toBe(2);
	expect([0, 1].map((i) => view.getUint32(view.getUint32(HEADER.first, true) + 16 * i, true)).sort()).toEqual([4, 5]);
});

it('two iterators are one snapshot of both', () => {
	const both = ['list_tasks', 'list_tasks'].map((name) => object.program(name).attachIterator());
	links.push(...both);
	const [one, two] = [
		source.addIters([{ link: both[0]?.fd ?? -1, ofNetwork: false }], 24),
		source.addIters(
			both.map((link) => ({ link: link.fd, ofNetwork: false })),
			24,
		),
	];
	for (const input of [one, two]) source.schedule(input, { intervalMs: 0, count: 1, onStop: false });
	source.start();
	const tids = (input: number): number[] => {
		const { rows: count } = source.fill(input, region, spec(24), 0, 0);
		return Array.from({ length: count }, (_, i) => view.getUint32(view.getUint32(HEADER.first, true) + 32 * i + 20, true));
	};
	expect(tids(one)).toContain(process.pid);
	expect(tids(two).filter((tid) => tid === process.pid)).toHaveLength(2);
});

it('a perf buffer gives records like a ring', () => {
	const input = source.addPerf(object.map('perf').fd, 8, 4);
	const single = new BatchSpec({ dataSource: 0, array: false, recordSize: 4, maxRows: 1024, maxBytes: 64 << 10, fields: [] });
	expect(source.fill(input, region, single, 0, 0).rows).toBe(0);
	for (const number of [1, 2, 3]) call(number);
	expect(source.fill(input, region, single, 0, 0).rows).toBe(3);
	source.rewind(input);
	call(4);
	expect(source.fill(input, region, single, 0, 0).rows).toBe(3);
	const stride = view.getUint32(HEADER.stride, true);
	expect([0, 1, 2].map((i) => view.getUint32(view.getUint32(HEADER.first, true) + i * stride, true))).toEqual([1, 2, 3]);
	source.commit(input);
	expect(source.fill(input, region, single, 1, 0).rows).toBe(1);
	source.commit(input);
	expect(source.lost(input)).toBe(0);
});

it('a perf buffer that overflows counts what is lost', () => {
	const input = source.addPerf(object.map('perf').fd, 1, 4);
	const single = new BatchSpec({ dataSource: 0, array: false, recordSize: 4, maxRows: 4096, maxBytes: 64 << 10, fields: [] });
	const made = 5000;
	for (let number = 0; number < made; number++) call(number);
	let read = 0;
	const drain = (): void => {
		for (let count = 1; count > 0; read += count) {
			count = source.fill(input, region, single, 0, 0).rows;
			source.commit(input);
		}
	};
	drain();
	// The kernel says how many were lost before the next one that is not.
	for (let cpu = 0; read + source.lost(input) < made + cpu && cpu < 100; cpu++) {
		call(1);
		drain();
	}
	expect(source.lost(input)).toBeGreaterThan(0);
});
