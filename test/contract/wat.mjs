// WebAssembly text to a module: `node wat.mjs IN.wat OUT.wasm`.
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const [input, output] = process.argv.slice(2);
const { parseWat } = await wabt();
writeFileSync(output, parseWat(input, readFileSync(input, 'utf8')).toBinary({}).buffer);
