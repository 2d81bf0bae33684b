// Puts a manifest into a WebAssembly file, for languages that cannot: node scripts/manifest.mjs FILE.wasm MANIFEST.json OUT.wasm
import { readFileSync, writeFileSync } from 'node:fs';
import { withManifest } from '../dist/host/operator/manifest.js';

const [file, manifest, out] = process.argv.slice(2);
writeFileSync(out, withManifest(readFileSync(file), readFileSync(manifest, 'utf8'), file));
