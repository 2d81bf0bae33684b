// Makes a component of a core module that wit-bindgen built: node scripts/component.mjs CORE.wasm OUT.wasm [ADAPTER.wasm]
// A module for WASI preview 1 needs the adapter that makes it one for WASI 0.2 (wasi_snapshot_preview1.reactor.wasm of wasmtime or jco).
import { readFileSync, writeFileSync } from 'node:fs';
import { componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';

const [core, out, adapter] = process.argv.slice(2);
const adapters = adapter === undefined ? [] : [['wasi_snapshot_preview1', readFileSync(adapter)]];
writeFileSync(out, await componentNew(readFileSync(core), adapters));
