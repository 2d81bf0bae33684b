/** What the kernel takes for the output alone: the floor of every reader that writes as much. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Scratch } from './paths.js';
import { type Sample, summarize } from './statistics.js';

/** About what the pipeline writes at a time. */
const PIECE = 200_000;
const PIECES = 2000;

/** ns of CPU time per 1000 bytes that are appended to a file where readers write theirs. */
export function measureWrite(scratch: Scratch, runs: number): Sample {
	const piece = new Uint8Array(PIECE).fill(65);
	const path = scratch.file('written');
	const costs: number[] = [];
	for (let run = 0; run < runs; run++) {
		const file = openSync(path, 'w');
		const began = process.cpuUsage();
		for (let i = 0; i < PIECES; i++) writeSync(file, piece);
		const { user, system } = process.cpuUsage(began);
		costs.push(((user + system) * 1000) / ((PIECE * PIECES) / 1000));
		closeSync(file);
		unlinkSync(path);
	}
	return summarize(costs);
}
