#!/usr/bin/env node
// Builds an operator in JavaScript into a component: node build.mjs INDEX.js OUT.wasm
// Everything that INDEX.js imports is bundled first: a component has no module loader. No WASI is asked for, so the operator has a log and no more.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';
import { rolldown } from 'rolldown';

const [source, out] = process.argv.slice(2);
if (source === undefined || out === undefined) {
	process.stderr.write('usage: build.mjs INDEX.js OUT.wasm\n');
	process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));

const bundle = await rolldown({ input: source, external: /^ig:/, resolve: { alias: { 'ig-operator': join(here, 'index.js') } } });
const { output } = await bundle.generate({ format: 'esm' });
const optional = ['lifecycle', 'tables', 'state'].filter((name) => output[0].exports.includes(name));
const world = `\nworld built {\n${['import host', 'export operator', ...optional.map((name) => `export ${name}`)].map((line) => `\t${line};\n`).join('')}}\n`;
const folder = mkdtempSync(join(tmpdir(), 'ig-js-'));
try {
	const file = join(folder, 'operator.js');
	writeFileSync(file, output[0].code);
	const wit = join(folder, 'operator.wit');
	writeFileSync(wit, readFileSync(join(here, '../sdk-wit/operator.wit'), 'utf8') + world);
	const { component } = await componentize({
		sourcePath: file,
		witPath: wit,
		worldName: 'built',
		disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
	});
	writeFileSync(out, component);
} finally {
	rmSync(folder, { recursive: true });
}
