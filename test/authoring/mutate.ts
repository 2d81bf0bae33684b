/**
 * Opens objects that are broken in many ways: `node dist/test/authoring/mutate.js OBJECT SEED COUNT`. It is a process of its own, for
 * it is libbpf that reads them, and what breaks libbpf ends the process. Prints the mutation before each, and at the end what came of all.
 */
import { readFileSync, writeSync } from 'node:fs';
import { IgError } from '../../host/errors.js';
import { emptyMetadata } from '../../host/gadget/metadata.js';
import { inspectGadget } from '../../host/gadget/instance.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [, , object = '', seed = '1', count = '100'] = process.argv;
const original = readFileSync(object);
let state = Number(seed);
const below = (most: number): number => {
	state ^= state << 13;
	state ^= state >>> 17;
	state ^= state << 5;
	return (state >>> 0) % most;
};

/** Sections of an ELF file for 64 bits: offset and size of each. */
function sections(elf: Buffer): { offset: number; size: number }[] {
	const [table, size, entries] = [Number(elf.readBigUInt64LE(0x28)), elf.readUInt16LE(0x3a), elf.readUInt16LE(0x3c)];
	return Array.from({ length: entries }, (_, i) => {
		const at = table + i * size;
		return { offset: Number(elf.readBigUInt64LE(at + 0x18)), size: Number(elf.readBigUInt64LE(at + 0x20)) };
	}).filter((section) => section.size > 0 && section.offset + section.size <= elf.length);
}
const parts = sections(original);
const odd = [0, 1, 0x7f, 0x80, 0xff];

function mutated(): { bytes: Buffer; what: string } {
	const bytes = Buffer.from(original);
	const kind = below(4);
	if (kind === 0) return { bytes: bytes.subarray(0, below(bytes.length)), what: 'truncated' };
	const part = parts[below(parts.length)] ?? { offset: 0, size: bytes.length };
	const places = 1 + below(8);
	for (let i = 0; i < places; i++) {
		// Headers of sections' contents, the section table, anywhere in a section.
		const at = kind === 1 ? part.offset + below(Math.min(part.size, 64)) : kind === 2 ? below(64) : part.offset + below(part.size);
		bytes[at] = below(2) === 0 ? (odd[below(odd.length)] as number) : below(256);
	}
	return { bytes, what: `${places} bytes, kind ${kind}` };
}

const folder = mkdtempSync(join(tmpdir(), 'ig-mutate-'));
const file = join(folder, 'x.bpf.o');
const outcomes: Record<string, number> = {};
try {
	for (let i = 0; i < Number(count); i++) {
		const { bytes, what } = mutated();
		writeFileSync(file, bytes);
		writeSync(1, `${i} ${what}\n`);
		let outcome = 'opened';
		try {
			const gadget = { name: 'x', reference: file, object: file, operator: undefined, metadata: emptyMetadata('x'), warnings: [] };
			inspectGadget(gadget).close();
		} catch (error) {
			if (!(error instanceof IgError) || error.code === 'IG_INTERNAL') throw error;
			outcome = error.code;
		}
		outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
	}
	writeSync(1, `${JSON.stringify(outcomes)}\n`);
} finally {
	rmSync(folder, { recursive: true });
}
