import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countLines } from './count.js';

describe('countLines', () => {
	let folder: string;
	let file: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'count-'));
		file = join(folder, 'output');
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it('counts a line once, however often the text is in it', () => {
		writeFileSync(file, 'a storm storm\nnothing\nstorm\n');
		expect(countLines(file, ['storm', 'nothing'], false).counts).toEqual([2, 1]);
	});

	it('counts a last line that is cut short', () => {
		writeFileSync(file, 'storm\nstorm');
		expect(countLines(file, ['storm'], false).counts).toEqual([2]);
	});

	it('finds what lies across two pieces', () => {
		writeFileSync(file, 'one storm\ntwo storm\nthree storm\n'.repeat(50));
		for (let piece = 1; piece < 40; piece++) expect(countLines(file, ['storm'], false, piece).counts).toEqual([150]);
	});

	it('tells lines that are not JSON', () => {
		writeFileSync(file, '{"storm":\n');
		expect(countLines(file, ['storm'], true).malformed).toBe(1);
	});

	it('adds up what a reader says it lost', () => {
		writeFileSync(file, 'Attaching 2 probes...\nstorm\nLost 12 events\nstorm\nLost 30 events\n');
		expect(countLines(file, ['storm'], false).saidLost).toBe(42);
	});
});
