import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PipelineEnd } from '../../host/pipeline/plan.js';
import { Damage, RecordingReader } from '../../host/record/reader.js';
import { playFile, writeRecording } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';

const dir = mkdtempSync(join(tmpdir(), 'ig-record-'));
const path = join(dir, 'good.rec');
const batches = Array.from({ length: 5 }, (_, i) => ({ ds: 0, rows: 10, records: packNumbers(numbers(10, i * 10)) }));
writeRecording(path, [numbersSource()], batches);
const good = readFileSync(path);

async function play(file: string): Promise<{ end: PipelineEnd; delivered: number }> {
	const { end, stats } = await playFile(file, { sources: [numbersSource()], operators: [] });
	return { end, delivered: stats.delivered };
}

test('what was written is read back', () => {
	const reader = new RecordingReader(path);
	expect(reader.header.dataSources).toEqual([numbersSource()]);
	let offset = reader.start;
	for (const batch of batches) {
		const frame = reader.at(offset);
		expect(frame?.value).toMatchObject({ ds: 0, rows: 10 });
		expect(frame && 'records' in frame.value && Buffer.from(frame.value.records)).toEqual(Buffer.from(batch.records));
		offset = frame?.next ?? 0;
	}
	expect(reader.at(offset)?.value).toMatchObject({ end: true, batches: 5, rows: 50 });
	reader.close();
});

test('only its owner can read it', () => {
	expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a truncated recording plays up to the damage and says so', async () => {
	const cut = join(dir, 'cut.rec');
	writeFileSync(cut, good.subarray(0, good.length - 500));
	const { end, delivered } = await play(cut);
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_RECORDING_DAMAGED' } });
	expect(delivered).toBe(40);
});

test('a recording without its end was cut short', async () => {
	const reader = new RecordingReader(path);
	let offset = reader.start;
	for (let i = 0; i < 5; i++) offset = reader.at(offset)?.next ?? 0;
	reader.close();
	const cut = join(dir, 'no-end.rec');
	writeFileSync(cut, good.subarray(0, offset));
	const { end, delivered } = await play(cut);
	expect(end).toMatchObject({ reason: 'failed', error: { message: expect.stringContaining('cut short') } });
	expect(delivered).toBe(50);
});

test('a flipped bit is found by the checksum', async () => {
	const flipped = join(dir, 'flipped.rec');
	const bytes = Buffer.from(good);
	bytes[bytes.length - 700] = (bytes[bytes.length - 700] ?? 0) ^ 4;
	writeFileSync(flipped, bytes);
	const { end, delivered } = await play(flipped);
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_RECORDING_DAMAGED', message: expect.stringContaining('checksum') } });
	expect(delivered % 10).toBe(0);
	expect(delivered).toBeLessThan(50);
});

test.each([
	['another file', Buffer.from('hello, this is text'), 'not an ig recording'],
	['nothing', Buffer.alloc(0), 'not an ig recording'],
	['a header cut in two', good.subarray(0, 40), 'header is damaged'],
])('%s is refused', (name, bytes, reason) => {
	const file = join(dir, `${name}.rec`);
	writeFileSync(file, bytes);
	expect(() => new RecordingReader(file)).toThrow(reason);
});

test('damaged bytes anywhere give an error, never a crash', () => {
	const file = join(dir, 'fuzz.rec');
	fc.assert(
		fc.property(fc.integer({ min: 0, max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
			const bytes = Buffer.from(good);
			bytes[at] = (bytes[at] ?? 0) ^ flip;
			writeFileSync(file, bytes);
			try {
				const reader = new RecordingReader(file);
				try {
					for (let offset: number | undefined = reader.start; offset !== undefined; ) offset = reader.at(offset)?.next;
				} finally {
					reader.close();
				}
			} catch (cause) {
				expect(cause instanceof Damage || (cause as { code?: string }).code === 'IG_RECORDING').toBe(true);
			}
		}),
		{ numRuns: 300 },
	);
});
