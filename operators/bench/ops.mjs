// ns per row of the built-in operators, on batches of 1024 records of trace_open. `--show` prints a row of each format.
import { readFileSync } from 'node:fs';
import { Host } from './host.mjs';
import { dataSource, fillRecord } from './trace-open.mjs';

const url = new URL('../../dist/operators/builtin.wasm', import.meta.url);
const module = new WebAssembly.Module(readFileSync(url));
const manifest = JSON.parse(new TextDecoder().decode(WebAssembly.Module.customSections(module, 'ig.manifest')[0]));
const index = (name) => manifest.operators.findIndex((operator) => operator.name === name);
const ROWS = Number(process.env.ROWS ?? 1024);
const BATCHES = 1000;

function host(name, params) {
	const one = new Host(module, [dataSource()]);
	one.init(index('formatters'), { 'utc-offsets': '0:7200' });
	one.table(index('formatters'), 0, [
		[0, 'root'],
		[1000, 'user'],
	]);
	one.table(index('formatters'), 1, [
		[0, 'root'],
		[1000, 'user'],
	]);
	if (name !== 'formatters') one.init(index(name), params);
	return one;
}

/**
 * The tenth percentile over batches: what the code takes where nothing else has the processor. What the operators before it
 * take is not counted.
 */
function measure(name, params = {}) {
	const one = host(name, params);
	const batch = one.batch(ROWS, fillRecord);
	const [first, last] = [index('formatters'), index(name)];
	const times = new Float64Array(BATCHES);
	for (let i = -BATCHES / 4; i < BATCHES; i++) {
		batch.reset();
		if (last !== first) one.run(first, batch);
		const start = process.hrtime.bigint();
		one.run(last, batch);
		if (i >= 0) times[i] = Number(process.hrtime.bigint() - start) / ROWS;
	}
	times.sort();
	const bytes = batch.word(108) / ROWS;
	const label = [name, ...Object.entries(params).map(([key, value]) => `${key}=${value}`)].join(' ');
	console.log(`${label.padEnd(40)} ${times[BATCHES / 10].toFixed(1).padStart(7)} ns/row${bytes > 0 ? `  ${bytes.toFixed(0)} B/row` : ''}`);
}

const cases = [
	['formatters', {}],
	['filter', { filter: 'proc.comm==bash,fd>=3' }],
	['columns', {}],
	['json', {}],
	['json', { pretty: 'true' }],
	['yaml', {}],
];
if (process.argv.includes('--show')) {
	for (const [name, params] of cases.filter(([name]) => ['columns', 'json', 'yaml'].includes(name))) {
		const one = host(name, params);
		const batch = one.batch(1, fillRecord);
		one.run(index('formatters'), batch);
		one.run(index(name), batch);
		process.stdout.write(one.output(batch));
	}
} else {
	for (const [name, params] of cases) measure(name, params);
}
