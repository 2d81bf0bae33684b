import { defineConfig } from 'vitest/config';

const all = ['test/**/*.test.ts', 'gadgets/**/*.test.ts', 'sdk-as/test/**/*.test.ts'];
// Compilers and modules, no eBPF: the long ones of these may run side by side.
const authoring = [
	'test/cli/operator*.test.ts',
	'test/docs/{operators,doors}.test.ts',
	'test/contract/*.test.ts',
	'sdk-as/test/**/*.test.ts',
];

// An emulated machine takes a core: two at a time.
const common = { maxConcurrency: 2, testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
	test: {
		projects: [
			{ test: { ...common, name: 'authoring', include: authoring, maxWorkers: 2, sequence: { groupOrder: 0 } } },
			// Two cores, one kernel: files that trace would slow each other down, and their deadlines are real.
			{ test: { ...common, name: 'machine', include: all, exclude: authoring, fileParallelism: false, sequence: { groupOrder: 1 } } },
		],
	},
});
