// Nanoseconds per row of the examples, in this process, by themselves: node sdk-as/bench.mjs [rows [module.wasm …]]
import { readFileSync } from 'node:fs';

const RECORD = 368;
const STRIDE = RECORD + 8;
const ROUNDS = 2000;
const REPEATS = 7;
const rows = Number(process.argv[2] ?? 1024);
const modules = process.argv.slice(3);
if (modules.length === 0)
	for (const name of ['as-filter', 'as-enrich']) modules.push(new URL(`../dist/examples/${name}.wasm`, import.meta.url));

/** trace_open's fields, as far as the examples read them: name, kind, offset, size. */
const fields = [
	['proc.comm', 13, 8, 16],
	['proc.pid', 8, 24, 4],
	['proc.creds.uid', 8, 40, 4],
	['fname', 13, 104, 255],
];

function initTable(params) {
	const bytes = Buffer.alloc(4096);
	let end = 2048;
	const words = (at, ...values) => values.forEach((value, i) => void bytes.writeInt32LE(value | 0, at + i * 4));
	const string = (at, text) => {
		words(at, end, text.length);
		end += bytes.write(text, end);
	};
	words(0, 0x31494749, bytes.length, 1, 64, fields.length, 112, 0, 0, 0, 0, params.length, 1024, 1 << 20);
	string(64, 'open');
	words(72, 1, 0, fields.length, RECORD, 0, 0, 0);
	fields.forEach(([name, kind, offset, size], i) => {
		const at = 112 + i * 64;
		words(at, i);
		string(at + 4, name);
		words(at + 12, kind, offset, size, 16, -1, -1);
	});
	params.forEach(([key, value], i) => {
		string(1024 + i * 16, key);
		string(1032 + i * 16, value);
	});
	return bytes;
}

function start(file) {
	const memory = new WebAssembly.Memory({ initial: 64, maximum: 256 });
	const one = (answer) => () => answer;
	const ig = {
		log: one(0),
		field_add: one(fields.length),
		field_slot: one(0),
		field_annotate: one(0),
		field_tag: one(0),
		field_hide: one(0),
		field_want: one(0),
	};
	const abort = () => {
		throw new Error('aborted');
	};
	const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { ig, env: { memory, abort } });
	exports._initialize?.();
	const bytes = () => Buffer.from((exports.memory ?? memory).buffer);
	const table = initTable([
		['prefix', '/etc/'],
		['uid', '0'],
	]);
	const at = exports.ig_alloc(table.length);
	table.copy(bytes(), at);
	if (exports.ig_init(0, at, table.length) !== 0) throw new Error('ig_init failed');
	return { exports, bytes };
}

/** A region with half of the rows passing the filter: every second one of another uid. */
function region({ exports, bytes }) {
	const selection = 128 + 32;
	const first = (selection + rows * 4 + 15) & ~7;
	const heap = first + rows * STRIDE;
	const size = heap + 65536 + rows * 64;
	const at = exports.ig_alloc(size);
	const memory = bytes();
	const words = [0x31424749, 0x800001, 0, 0, size, rows, STRIDE, first, rows * STRIDE, 0, selection, rows, 128, 1, heap, 0];
	words.forEach((word, i) => void memory.writeInt32LE(word | 0, at + i * 4));
	for (let i = 0; i < rows; i++) {
		const row = at + first + i * STRIDE;
		memory.write('cat', row + 8);
		memory.writeUInt32LE(1000 + i, row + 24);
		memory.writeUInt32LE((i * 7919) % 5 > 1 ? 1000 : 0, row + 40);
		memory.write('/etc/ssl/certs/ca-certificates.crt', row + 104);
	}
	const order = Int32Array.from({ length: rows }, (_, i) => i);
	return () => {
		const buffer = exports.memory?.buffer ?? memory.buffer;
		new Int32Array(buffer, at + selection, rows).set(order);
		new Int32Array(buffer, at + 44, 1)[0] = rows;
		new Int32Array(buffer, at + 60, 1)[0] = 0;
		return at;
	};
}

function measure(call) {
	let best = Infinity;
	for (let repeat = 0; repeat < REPEATS; repeat++) {
		const from = process.hrtime.bigint();
		for (let round = 0; round < ROUNDS; round++) call();
		best = Math.min(best, Number(process.hrtime.bigint() - from) / ROUNDS / rows);
	}
	return best;
}

for (const file of modules) {
	const guest = start(file);
	const reset = region(guest);
	const base = measure(reset);
	const { ig_batch } = guest.exports;
	const whole = measure(() => {
		if (ig_batch(0, reset()) !== 0) throw new Error('ig_batch failed');
	});
	console.log(`${String(file).split('/').pop()}: ${(whole - base).toFixed(1)} ns per row, batches of ${rows}`);
}
