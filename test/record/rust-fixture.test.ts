/** The recording that the Rust SDK's own tests play is one as ig writes them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeRecording } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';

const fixture = new URL('../../sdk-rust/tests/numbers.rec', import.meta.url);

test('sdk-rust/tests/numbers.rec', () => {
	const dir = mkdtempSync(join(tmpdir(), 'ig-test-'));
	try {
		const path = join(dir, 'numbers.rec');
		const batches = [0, 3].map((first) => ({ ds: 0, rows: 3, records: packNumbers(numbers(3, first)) }));
		writeRecording(path, [numbersSource()], batches);
		expect(readFileSync(path).equals(readFileSync(fixture))).toBe(true);
	} finally {
		rmSync(dir, { recursive: true });
	}
});
