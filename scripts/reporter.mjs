/** A vitest reporter that writes counts and the reasons of skipped tests to dist/test/vitest.json, for scripts/test.sh. */
import { mkdirSync, writeFileSync } from 'node:fs';

export default class Counts {
	counts = { passed: 0, failed: 0, skipped: 0 };
	skips = [];

	onTestCaseResult(test) {
		const { state, note } = { note: '', ...test.result() };
		if (state === 'passed' || state === 'failed' || state === 'skipped') this.counts[state]++;
		if (state === 'skipped') this.skips.push({ test: `${test.module.relativeModuleId}: ${test.fullName}`, reason: note ?? '' });
	}

	/** A file that cannot be loaded, and an error outside of tests, are failures too. */
	onTestRunEnd(modules, unhandled) {
		const broken = modules.filter((module) => module.errors().length > 0).length;
		const hooks = modules.flatMap((module) => [...module.children.allSuites()]).filter((suite) => suite.errors().length > 0).length;
		this.counts.failed += broken + hooks + unhandled.length;
		mkdirSync('dist/test', { recursive: true });
		writeFileSync('dist/test/vitest.json', `${JSON.stringify({ ...this.counts, skips: this.skips })}\n`);
	}
}
