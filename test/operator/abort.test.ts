/** What the host makes of an AssemblyScript abort is what AssemblyScript's own loader makes of it. */
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { expect, test } from 'vitest';
import { CoreGuest } from '../../host/operator/core.js';
import { LineLimit } from '../../host/operator/lines.js';
import { compileModule } from '../../host/operator/load.js';
import { modulePlan } from '../../host/operator/module.js';

const file = new URL('../../dist/examples/as-filter.wasm', import.meta.url);

function messageOf(run: () => unknown): string {
	try {
		run();
	} catch (error) {
		return (error as Error).message;
	}
	throw new Error('no error');
}

test('message, file, line and column', async () => {
	const memory = new WebAssembly.Memory({ initial: 4, maximum: 256 });
	const ig = new Proxy({}, { get: () => () => 0 });
	const loaded = instantiateSync(new WebAssembly.Module(readFileSync(file)), { env: { memory }, ig });
	const exports = loaded.exports as unknown as { ig_batch(op: number, batch: number): number; _initialize(): void };
	exports._initialize();
	// The module registers one operator: there is no number 7.
	const theirs = messageOf(() => exports.ig_batch(7, 0));

	const plan = modulePlan(await compileModule(readFileSync(file), 'as-filter.wasm'));
	if (plan.door === 'component') throw new Error('a core module');
	const guest = new CoreGuest(plan, new LineLimit(() => {}, 50));
	const ours = messageOf(() => guest.call('ig_batch', 7, 0));

	const [, message, place] = /^abort: (.*) at (.*)$/.exec(theirs) ?? [];
	expect(place).toMatch(/operator\.ts:\d+:\d+$/);
	expect(ours).toContain(`aborted: ${message} at ${place}`);
});
