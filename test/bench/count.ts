/** What a reader wrote. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export interface Counted {
	/** Lines with each of the texts. */
	readonly counts: readonly number[];
	readonly bytes: number;
	/** The first line with the first text. */
	readonly example: string | undefined;
	/** Lines with the first text that are not JSON, among every thousandth. */
	readonly malformed: number;
	/** Sum of the lines that begin with `Lost N`: bpftrace says it there. */
	readonly saidLost: number;
}

const PIECE = 16 << 20;
const LONGEST_LINE = 1 << 16;
const NEWLINE = 10;
const EVERY = 1000;

/** Counts the lines that contain each text, once per line. `piece`: bytes that are read at a time. */
export function countLines(path: string, texts: readonly string[], isJson: boolean, piece = PIECE): Counted {
	const needles = texts.map((text) => Buffer.from(text));
	const counts = texts.map(() => 0);
	const buffer = Buffer.alloc(piece + LONGEST_LINE);
	const file = openSync(path, 'r');
	let kept = 0;
	let bytes = 0;
	let example: string | undefined;
	let malformed = 0;
	let saidLost = 0;
	try {
		for (;;) {
			const size = readSync(file, buffer, kept, piece, null);
			bytes += size;
			const all = buffer.subarray(0, kept + size);
			// A line that is not complete waits for the next piece, except at the end.
			const complete = size === 0 ? all.length : all.lastIndexOf(NEWLINE) + 1;
			const lines = all.subarray(0, complete);
			for (const [which, needle] of needles.entries()) {
				for (let at = lines.indexOf(needle); at >= 0; ) {
					const end = lines.indexOf(NEWLINE, at);
					const next = end < 0 ? lines.length : end;
					const count = (counts[which] ?? 0) + 1;
					counts[which] = count;
					if (which === 0 && count % EVERY === 1) {
						const line = lines.toString('utf8', lines.lastIndexOf(NEWLINE, at) + 1, next);
						example ??= line;
						if (isJson && !parses(line)) malformed++;
					}
					at = lines.indexOf(needle, next);
				}
			}
			for (let at = lines.indexOf('\nLost '); at >= 0; at = lines.indexOf('\nLost ', at + 1)) {
				saidLost += Number.parseInt(lines.toString('latin1', at + 6, at + 26), 10);
			}
			if (size === 0) return { counts, bytes, example, malformed, saidLost };
			kept = all.length - complete;
			if (kept > LONGEST_LINE) throw new Error(`a line of more than ${kept} bytes in ${path}`);
			buffer.copyWithin(0, complete, all.length);
		}
	} finally {
		closeSync(file);
	}
}

/** Sums what the lines say about each text: for readers that count. */
export function tallyLines(path: string, texts: readonly string[], tally: (line: string, text: string) => number): Counted {
	const all = readFileSync(path, 'utf8');
	const lines = all.split('\n');
	const counts = texts.map((text) => lines.reduce((sum, line) => sum + (line.includes(text) ? tally(line, text) : 0), 0));
	const example = lines.find((line) => line.includes(texts[0] ?? ''));
	return { counts, bytes: Buffer.byteLength(all), example, malformed: 0, saidLost: 0 };
}

function parses(line: string): boolean {
	try {
		JSON.parse(line);
		return true;
	} catch {
		return false;
	}
}
