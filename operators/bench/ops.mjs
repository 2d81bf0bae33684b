// ns per row of the built-in operators, on batches of 1024 records of trace_open. `--show` prints a row of each format.
import { readFileSync } from 'node:fs';
import { Host } from './host.mjs';
import { dataSource, fillRecord } from './trace-open.mjs';

const url = new URL('../../dist/operators/builtin.wasm', import.meta.url);
const module = new WebAssembly.Module(readFileSync(url));
const manifest = JSON.parse(new TextDecoder().decode(WebAssembly.Module.customSections(module, 'ig.manifest')[0]));
const index = (name) => manifest.operators.findIndex((operator) => operator.name === name);
const ROWS = 1024;
const BATCHES = 2000;

function host(name, params) {
	const one = new Host(module, [dataSource()]);
	one.init(index('formatters'), { 'utc-offsets': '0:7200' });
	one.table(index('formatters'), 0, [[0, 'root'], [1000, 'user']]);
	one.table(index('formatters'), 1, [[0, 'root'], [1000, 'user']]);
	if (name !== 'formatters') one.init(index(name), params);
	return one;
}

/** The median of five runs of many batches; what the operators before it take is not counted. */
function measure(name, params = {}) {
	const one = host(name, params);
	const batch = one.batch(ROWS, fillRecord);
	const [first, last] = [index('formatters'), index(name)];
	const runs = [];
	for (let run = 0; run < 6; run++) {
		let ns = 0n;
		for (let i = 0; i < BATCHES; i++) {
			batch.reset();
			if (last !== first) one.run(first, batch);
			const start = process.hrtime.bigint();
			one.run(last, batch);
			ns += process.hrtime.bigint() - start;
		}
		runs.push(Number(ns) / (BATCHES * ROWS));
	}
	const sorted = runs.slice(1).sort((a, b) => a - b);
	const bytes = batch.word(108) / ROWS;
	const label = [name, ...Object.entries(params).map(([key, value]) => `${key}=${value}`)].join(' ');
	console.log(`${label.padEnd(40)} ${sorted[2].toFixed(1).padStart(7)} ns/row${bytes > 0 ? `  ${bytes.toFixed(0)} B/row` : ''}`);
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
