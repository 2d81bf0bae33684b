import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../dist/host/cli/main.js', import.meta.url));
const WIDTH = 140;
let folder: string;
let socket: string;

const tmux = (...args: string[]): string => execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
/** What is on the screen, and above it. */
const screen = (...args: string[]): string => tmux('capture-pane', '-p', '-S', '-', '-t', 'ig', ...args);

async function until(found: () => boolean): Promise<void> {
	const limit = Date.now() + 20_000;
	while (!found()) {
		if (Date.now() > limit) throw new Error(`the screen shows: ${screen()}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

const missing = spawnSync('tmux', ['-V']).status !== 0;

beforeEach((context) => {
	if (missing) context.skip('tmux is not installed');
	folder = mkdtempSync(join(tmpdir(), 'ig-tmux-'));
	socket = join(folder, 'socket');
	tmux('new-session', '-d', '-s', 'ig', '-x', String(WIDTH), '-y', '24', 'sh');
});
afterEach(() => {
	if (missing) return;
	tmux('kill-server');
	rmSync(folder, { recursive: true });
});

function type(command: string): void {
	tmux('send-keys', '-t', 'ig', command, 'Enter');
}

describe('on a terminal', () => {
	/** Opens a file with a hostile name while a run shows columns, and ends it with Ctrl-C. */
	async function shown(flags: string): Promise<string> {
		const file = join(folder, 'esc\x1b[31mape\nnew');
		writeFileSync(file, '');
		type(`clear; node ${main} run trace_open -v ${flags} --filter-expr 'fname startsWith "${folder}"'; echo "exit code $?"`);
		await until(() => screen().includes('running...'));
		execFileSync('/bin/cat', [file]);
		await until(() => /^.*\bcat .*\/tmp/m.test(screen()));
		tmux('send-keys', '-t', 'ig', 'C-c');
		await until(() => /exit code \d/.test(screen()));
		return screen();
	}

	it('columns fit its width, and Ctrl-C ends the run in order', async () => {
		const text = await shown('');
		const lines = text.split('\n');
		const header = lines.find((line) => line.includes('COMM')) ?? '';
		for (const name of ['PID', 'TID', 'FD', 'FNAME', 'FPATH']) expect(header).toContain(name);
		expect(header.length).toBeLessThanOrEqual(WIDTH);
		// A row that is too long would be wrapped.
		expect(lines[lines.indexOf(header) + 1]).toMatch(/ cat +\d+ +\d+ +\d+ \/tmp/);
		expect(text).toContain('exit code 0');
	});

	it('values cannot drive it', async () => {
		const text = await shown('--fields proc.comm,fname');
		expect(text).toMatch(/cat .*esc\\x1b\[31mape\\nnew/);
	});

	it('errors are coloured there, and plain elsewhere', async () => {
		type(`clear; node ${main} run nothing_such; echo "exit code $?"`);
		await until(() => /exit code 1/.test(screen()));
		expect(screen('-e')).toContain('\x1b[31merror:');
		expect(spawnSync('node', [main, 'run', 'nothing_such'], { encoding: 'utf8' }).stderr).toMatch(/^error: no gadget/);
	});
});
