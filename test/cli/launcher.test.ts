import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A tree with the launcher, a set-up that only says that it ran, and a program that prints its arguments. */
let tree: string;

beforeEach(() => {
	tree = mkdtempSync(join(tmpdir(), 'ig launcher '));
	for (const folder of ['scripts', 'dist/host/cli', 'node_modules', 'host', 'native', 'bpf', 'gadgets', 'operators', 'sdk-rust']) {
		mkdirSync(join(tree, folder), { recursive: true });
	}
	for (const file of ['Makefile', 'package.json', 'package-lock.json', 'tsconfig.json', 'host/a.ts'])
		writeFileSync(join(tree, file), file.endsWith('.json') ? '{}' : '');
	copyFileSync('ig', join(tree, 'ig'));
	chmodSync(join(tree, 'ig'), 0o755);
	writeFileSync(join(tree, 'scripts/setup.sh'), 'echo "setup $1"\n');
	writeFileSync(join(tree, 'dist/host/cli/main.js'), 'console.log(JSON.stringify(process.argv.slice(2)))');
	writeFileSync(join(tree, 'dist/.stamp'), '');
	// The stamp is newer than all sources.
	const later = Date.now() / 1000 + 10;
	utimesSync(join(tree, 'dist/.stamp'), later, later);
});
afterEach(() => rmSync(tree, { recursive: true }));

function start(command: string, args: readonly string[] = [], cwd = '/') {
	const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
	return { status, stdout, stderr };
}
function touch(file: string): void {
	writeFileSync(join(tree, file), '{}');
	const latest = Date.now() / 1000 + 20;
	utimesSync(join(tree, file), latest, latest);
}

describe('the launcher', () => {
	it('only starts node when nothing is stale, with the arguments as they are', () => {
		expect(start(join(tree, 'ig'), ['run', 'a b', '', '--x=*'])).toEqual({ status: 0, stdout: '["run","a b","","--x=*"]\n', stderr: '' });
	});

	it('works from any folder, and through symbolic links', () => {
		symlinkSync(join(tree, 'ig'), join(tree, 'absolute'));
		symlinkSync('../absolute', join(tree, 'host', 'relative'));
		expect(start('./ig', [], tree).stdout).toBe('[]\n');
		expect(start('../ig', [], join(tree, 'host')).stdout).toBe('[]\n');
		expect(start(join(tree, 'absolute')).stdout).toBe('[]\n');
		expect(start(join(tree, 'host', 'relative')).stdout).toBe('[]\n');
		expect(start('sh', ['ig'], tree).stdout).toBe('[]\n');
	});

	it.each(['host/a.ts', 'Makefile', 'package-lock.json', 'scripts/setup.sh'])('sets up when %s is newer', (file) => {
		if (file === 'scripts/setup.sh') {
			const latest = Date.now() / 1000 + 20;
			utimesSync(join(tree, file), latest, latest);
		} else touch(file);
		const { status, stdout, stderr } = start(join(tree, 'ig'));
		// Data goes to stdout, so nothing else may.
		expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '[]\n', stderr: 'setup run\n' });
	});

	it('does not look into node_modules and target folders', () => {
		mkdirSync(join(tree, 'operators/target'));
		touch('operators/target/x');
		const early = 1;
		utimesSync(join(tree, 'operators'), early, early);
		expect(start(join(tree, 'ig')).stderr).toBe('');
	});

	it('sets up when nothing was built, and stops when that fails', () => {
		rmSync(join(tree, 'dist/.stamp'));
		writeFileSync(join(tree, 'scripts/setup.sh'), 'echo no compiler; exit 1\n');
		expect(start(join(tree, 'ig'))).toEqual({ status: 1, stdout: '', stderr: 'no compiler\n' });
	});

	it('just starts node in an installed package, which has no sources', () => {
		rmSync(join(tree, 'scripts'), { recursive: true });
		rmSync(join(tree, 'dist/.stamp'));
		expect(start(join(tree, 'ig'), ['x']).stdout).toBe('["x"]\n');
	});
});

describe('set-up', () => {
	/** As on a system with a shell and little else. */
	function bare(family: string, options: { readonly dry: boolean; readonly uid?: number }) {
		const bin = join(tree, 'bin');
		mkdirSync(bin);
		for (const tool of ['dirname', 'sed', 'id', 'cat', 'printf', 'grep', 'mkdir']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
		chmodSync(tree, 0o755);
		const env = { PATH: bin, IG_SETUP_FAMILY: family, ...(options.dry && { IG_SETUP_DRY: '1' }) };
		return spawnSync('/bin/sh', ['scripts/setup.sh'], { encoding: 'utf8', env, ...(options.uid !== undefined && { uid: options.uid }) });
	}

	it.each([
		['fedora', 'dnf install nodejs'],
		['arch', 'pacman -S'],
		['alpine', 'apk add nodejs'],
		['other', 'install Node.js 20.11'],
	])('says on %s what to install, and stops', (family, text) => {
		const { status, stderr } = bare(family, { dry: true });
		expect(status).toBe(1);
		expect(stderr).toContain('missing: node make cc clang');
		expect(stderr).toContain(text);
	});

	it('says on Debian what to install when it is not root', () => {
		const { status, stderr } = bare('debian', { dry: false, uid: 65534 });
		expect(status).toBe(1);
		expect(stderr).toMatch(/\n {2}sudo apt-get install -y --no-install-recommends make gcc libc6-dev clang-19 llvm-19/);
	});

	it('finds nothing missing where all is there', () => {
		const env = { PATH: process.env.PATH ?? '', IG_SETUP_DRY: '1', IG_SETUP_FAMILY: 'debian' };
		const { status, stderr } = spawnSync('/bin/sh', ['scripts/setup.sh'], { encoding: 'utf8', env });
		expect({ status, stderr }).toEqual({ status: 0, stderr: 'ig: missing: nothing\n' });
	});
});
