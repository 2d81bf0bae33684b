import { defineConfig } from 'vitest/config';

export default defineConfig({
	test: {
		include: ['test/**/*.test.ts', 'gadgets/**/*.test.ts', 'sdk-as/test/**/*.test.ts'],
		// Two cores, one kernel: files that trace would slow each other down, and their deadlines are real.
		fileParallelism: false,
		// An emulated machine takes a core: two at a time.
		maxConcurrency: 2,
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
