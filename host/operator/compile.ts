/** What every binary goes through on its way to being compiled, whatever its door. */
import { type LimitsOf, MOST_WISHED_MEMORY, PAGE } from './limits.js';
import type { Manifest } from './manifest.js';
import { BinaryError } from './reader.js';

/** 64 KiB pages and table elements that a module may have. */
export function boundsOf(manifest: Manifest, limitsOf: LimitsOf): { pages: number; elements: number } {
	const limits = manifest.operators.map((operator) => ({ ...limitsOf(operator.name), wish: operator.memoryPages * PAGE }));
	const memory = limits.map(({ memory: given, wish }) => given ?? Math.min(wish, MOST_WISHED_MEMORY));
	return { pages: Math.floor(Math.max(...memory) / PAGE), elements: Math.max(...limits.map(({ elements }) => elements)) };
}

/** Compiling is bounded by what the binary may hold (`binary.ts`); this is for what nobody foresaw. */
const COMPILE_MS = 10_000;

/** @throws BinaryError it takes too long, CompileError */
export async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new BinaryError(`takes longer than ${COMPILE_MS} ms to compile`)), COMPILE_MS);
	});
	try {
		return await Promise.race([WebAssembly.compile(bytes), late]);
	} finally {
		clearTimeout(timer);
	}
}
