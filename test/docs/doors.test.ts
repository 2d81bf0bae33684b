/** The commands of docs/operator-doors.md, as a user of the source tree types them: the modules they build run. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../support/pipeline.js';

const page = readFileSync(join(root, 'docs/operator-doors.md'), 'utf8');
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) => (block ?? '').trim().split('\n'));
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** A tree of one's own, in which what is built does not disturb the builds of others. */
const tree = mkdtempSync(join(tmpdir(), 'ig-doors-'));
afterAll(() => rmSync(tree, { recursive: true }));
for (const name of ['examples', 'sdk-wit', 'sdk-rust', 'scripts']) cpSync(join(root, name), join(tree, name), { recursive: true });
mkdirSync(join(tree, 'sdk-js'));
for (const name of ['build.mjs', 'index.js', 'examples', 'package.json', 'package-lock.json'])
	cpSync(join(root, 'sdk-js', name), join(tree, 'sdk-js', name), { recursive: true });
for (const name of ['node_modules', 'sdk-js/node_modules']) symlinkSync(join(root, name), join(tree, name));
// What cargo has built for the examples already: minutes, from nothing.
for (const name of ['rust-wasi', 'rust-component']) {
	rmSync(join(tree, 'examples', name, 'target'), { recursive: true, force: true });
	symlinkSync(join(root, 'dist/cargo'), join(tree, 'examples', name, 'target'));
}

/** As it is in the page, but for what takes a network, endless runs, and compilers' versions. */
function run(command: string): { status: number | null; stderr: string } {
	const line = command
		.replace(/^clang /, `${has('clang', '--version') ? 'clang' : 'clang-19'} `)
		.replace(/^npm ci .*/, 'test -d sdk-js/node_modules/@bytecodealliance/componentize-js')
		.replace(/^ig run /, 'ig run --timeout 1s --stats -o none ');
	const { status, stderr } = spawnSync('sh', ['-euc', line], {
		cwd: tree,
		encoding: 'utf8',
		env: {
			...process.env,
			PATH: `${root}${delimiter}${process.env.PATH}${delimiter}/usr/local/go/bin`,
			...{ GOTOOLCHAIN: 'local', GOFLAGS: '', CARGO_TERM_COLOR: 'never' },
		},
	});
	return { status, stderr };
}

/** Why a command cannot run here, like the test of the module that the same tools build. */
function missing(command: string): string | undefined {
	const needs: readonly [RegExp, string, string][] = [
		[/c-filter/, 'c-filter', 'this machine has no clang with wasi-libc'],
		[/go-filter|go-watchlist|go build/, 'go-filter', 'this machine has no Go 1.24 or later'],
		[/rust-wasi/, 'rust-busiest', 'this machine has no Rust for wasm32-wasip1'],
	];
	return needs.find(([pattern, module]) => pattern.test(command) && !existsSync(join(root, 'dist/examples', `${module}.wasm`)))?.[2];
}

test('there are some', () => {
	expect(commands.length).toBeGreaterThanOrEqual(11);
});

test.for(commands)('%s', { timeout: 240_000 }, (command, context) => {
	const reason = missing(command);
	if (reason !== undefined) context.skip(reason);
	const { status, stderr } = run(command);
	expect(stderr).not.toMatch(/^error/m);
	expect(status, stderr).toBe(0);
	const operator = /--wasm-operator ([\w-]+)\.wasm/.exec(command)?.[1];
	if (operator === 'go-watchlist') expect(stderr).toMatch(/^go-watchlist: accounts: 3 files$/m);
	if (operator !== undefined) expect(stderr).toMatch(new RegExp(`^${operator} .* running$`, 'm'));
});
