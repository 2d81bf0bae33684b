/** What WASI operators get of files, environment and arguments: what was granted, read-only, and nothing beside it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModule } from '../../host/operator/load.js';
import { Errno } from '../../host/operator/wasi/errno.js';
import { SnapshotError, takeSnapshot } from '../../host/operator/wasi/snapshot.js';
import { type DirectoryNode, resolve, type World } from '../../host/operator/wasi/world.js';
import { foreign, type Outcome, root, runPipeline } from '../support/pipeline.js';
import { numbersSource } from '../support/schema.js';

const MIB = 1 << 20;
const folder = mkdtempSync(join(tmpdir(), 'ig-world-'));
afterAll(() => rmSync(folder, { recursive: true }));
const here = (name: string): string => join(folder, name);

beforeAll(() => {
	mkdirSync(here('data/inner'), { recursive: true });
	mkdirSync(here(`deep${'/x'.repeat(40)}`), { recursive: true });
	writeFileSync(here('words'), 'many words');
	writeFileSync(here('data/inner/word'), 'inner!');
	symlinkSync('inner/word', here('data/inside'));
	writeFileSync(here('secret'), 'secret');
	symlinkSync('../secret', here('data/outside'));
	symlinkSync('/etc/passwd', here('data/absolute'));
	symlinkSync('loop', here('data/loop'));
	execFileSync('mkfifo', [here('data/fifo')]);
});

const granted = (): string[] => [`file:/words=${here('words')}`, `dir:/data=${here('data')}`];

describe.each([
	['c', 'this machine has no clang with wasi-libc'],
	['go', 'this machine has no Go 1.24 or later'],
	['component', 'this machine has no Rust for wasm32-wasip1'],
])('%s', (language, missing) => {
	const file = join(root, `dist/fixtures/${language}-reach.wasm`);
	async function play(world?: World): Promise<Map<string, string>> {
		const module = await loadModule(file);
		const operators = [foreign(module, 1, world && { world })];
		const { end, log }: Outcome = await runPipeline({ sources: [numbersSource()], batches: [], modules: [module], operators });
		expect(end).toEqual({ reason: 'finished' });
		return new Map(log.map((line) => line.replace(/^info: reach: /, '').split(/: ?/, 2) as [string, string]));
	}

	test('what was granted is there, and cannot be changed', async (context) => {
		if (!existsSync(file)) context.skip(missing);
		const { world, skipped } = takeSnapshot('reach', ['arg:one', 'arg:two', 'env:IG_WORD=hello', ...granted()], MIB);
		expect(skipped, 'the fifo').toBe(1);
		const said = await play(world);
		expect(Object.fromEntries(said)).toMatchObject({
			...{ arguments: 'reach one two', IG_WORD: 'hello', HOME: 'none' },
			...{ 'read /words': ' words', 'list /data': 'absolute inner inside loop outside', 'read /data/inner/word': 'inner!' },
			...{ 'read /data/inside': 'inner!', size: '10' },
			...Object.fromEntries(['outside', 'absolute'].map((name) => [`read /data/${name}`, 'No such file or directory'])),
			'read /etc/passwd': 'No such file or directory',
			...Object.fromEntries(
				['write', 'truncate', 'create', 'rename', 'unlink', 'mkdir', 'link'].map((what) => [what, 'Read-only file system']),
			),
		});
	});

	test('without a grant there is nothing', async (context) => {
		if (!existsSync(file)) context.skip(missing);
		const said = await play();
		expect(Object.fromEntries(said)).toMatchObject({ arguments: '', IG_WORD: 'none', HOME: 'none', size: '-1' });
		const tried = [...said].filter(([what]) => /^(?:read|list|write|create|rename|mkdir)/.test(what));
		expect(tried.length).toBeGreaterThan(8);
		for (const [what, outcome] of tried)
			expect(outcome, what).toMatch(/^(?:Capabilities insufficient|Bad file number|No such file or directory)$/);
	});
});

describe('a snapshot', () => {
	const at = (world: World, path: string): unknown => {
		const found = resolve({ above: [], node: world.root as DirectoryNode }, path, true);
		if (typeof found === 'number') return found;
		return found.node.kind === 'file' ? Buffer.from(found.node.bytes).toString() : found.node.kind;
	};

	test('is a tree out of which nothing leads', () => {
		const { world } = takeSnapshot('x', granted(), MIB);
		expect(at(world, 'words')).toBe('many words');
		expect(at(world, 'data/./inner/../inner//word')).toBe('inner!');
		expect(at(world, '../words')).toBe(Errno.NOTCAPABLE);
		expect(at(world, 'data/../../words')).toBe(Errno.NOTCAPABLE);
		expect(at(world, '/words')).toBe(Errno.NOTCAPABLE);
		expect(at(world, 'data/absolute')).toBe(Errno.NOENT);
		expect(at(world, 'data/loop')).toBe(Errno.LOOP);
		expect(at(world, 'words/x')).toBe(Errno.NOTDIR);
		expect(at(world, 'wo\0rds')).toBe(Errno.INVAL);
	});

	test('has links that lead to what was granted elsewhere', () => {
		const { world } = takeSnapshot('x', [...granted(), 'file:/etc/passwd'], MIB);
		expect(at(world, 'data/absolute')).toMatch(/^root:/);
	});

	test('has files of the kernel, which say that they are empty', () => {
		expect(at(takeSnapshot('x', ['file:/proc/version'], MIB).world, 'proc/version')).toMatch(/^Linux/);
	});

	test('takes a variable from where ig runs, or from the grant', () => {
		expect(takeSnapshot('x', ['env:PATH', 'env:IG_NO_SUCH', 'env:WORD=a=b'], MIB).world).toEqual({
			args: [],
			env: [
				['PATH', process.env.PATH],
				['WORD', 'a=b'],
			],
		});
	});

	test.for([
		['no such file', 'file:/no/such/file', /does not exist/],
		['a file as a directory', 'dir:/x=words', /not a directory/],
		['a directory as a file', 'file:/x=data', /is a directory: dir:/],
		['a fifo', 'file:/x=data/fifo', /is not a file/],
		['a device', 'file:/dev/zero', /is not a file/],
		['a deep tree', 'dir:/x=deep', /more than 32 directories deep/],
	] as const)('%s is an error', ([, grant, message]) => {
		const take = () => takeSnapshot('x', [grant.replace('=', `=${folder}/`)], MIB);
		expect(take).toThrow(SnapshotError);
		expect(take).toThrow(message);
	});

	test('is bounded', () => {
		expect(() => takeSnapshot('x', granted(), 12)).toThrow(/operators get 12 bytes of files/);
	});
});
