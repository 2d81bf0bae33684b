/** Run by memory.test.ts, with --expose-gc: one hostile module again and again in one process. Prints its RSS in MiB, before and after. */
import { compileModule } from '../../host/operator/load.js';
import { wasm } from './modules.js';
import { runNumbers } from './run.js';

/** Runs after which a process has all that it needs, and runs that must not add to it. */
const WARM = 3;
const RUNS = 8;

const name = process.argv[2] ?? '';
const module = await compileModule(await wasm(name), `${name}.wasm`);
const rss = (): number => process.memoryUsage().rss / 2 ** 20;
let before = 0;
for (let run = 0; run < WARM + RUNS; run++) {
	const { end } = await runNumbers(module, { name });
	if (end.reason !== 'finished') throw new Error(`ended: ${end.reason}`);
	globalThis.gc?.();
	if (run === WARM - 1) before = rss();
}
process.stdout.write(JSON.stringify({ before, after: rss() }));
