// Makes a component of a core module that wit-bindgen built: node scripts/component.mjs CORE.wasm OUT.wasm
import { readFileSync, writeFileSync } from 'node:fs';
import { componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';

const [core, out] = process.argv.slice(2);
writeFileSync(out, await componentNew(readFileSync(core)));
