/** The operator of the README builds as the README says, and does what it says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { Guest } from './harness.js';
import { open, row } from './opens.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
// Below the repository, so that its node_modules are found.
mkdirSync(join(root, 'dist/test'), { recursive: true });
const folder = mkdtempSync(join(root, 'dist/test/readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code blocks of a language, in order. */
const blocks = (language: string) => [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code ?? '');

function build(manifest: string): string {
	writeFileSync(join(folder, 'index.ts'), blocks('ts')[0] ?? '');
	writeFileSync(join(folder, 'manifest.json'), manifest);
	const { scripts } = JSON.parse(blocks('json')[0] ?? '') as { scripts: { build: string } };
	const [asc, ...args] = scripts.build.split(' ').map((word) => word.replace('node_modules/', `${root}node_modules/`));
	expect(asc).toBe('asc');
	execFileSync(process.execPath, [join(root, 'node_modules/assemblyscript/bin/asc.js'), ...args], { cwd: folder, stdio: 'pipe' });
	return join(folder, 'only-etc.wasm');
}

test('builds, carries its manifest, and filters', () => {
	const manifest = blocks('json')[1] ?? '';
	const file = build(manifest);
	const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(readFileSync(file)), 'ig.manifest');
	expect(JSON.parse(new TextDecoder().decode(section))).toEqual(JSON.parse(manifest));
	const guest = new Guest(file);
	expect(guest.init([open], { prefix: '/etc' })).toBe(0);
	expect(guest.batch({ rows: [row({ fname: '/etc/hosts' }), row({ fname: '/tmp' })] }).selected).toEqual([0]);
});

test('a manifest without a name stops the build, and the message names the file', () => {
	expect(() => build('{"operators": [{}]}')).toThrow(/manifest\.json has no "operators" with a "name" each/);
});
