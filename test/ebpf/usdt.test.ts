/** Markers (USDT): their arguments, their counters, and files that only another mount namespace has. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BpfObject } from '../../host/ebpf/object.js';
import { built } from '../../host/root.js';
import { errorOf } from '../support/errors.js';
import { fixture, igDuring, jsonLines } from '../support/live.js';

const markers = fixture('markers');
const folder = mkdtempSync(join(tmpdir(), 'ig-usdt-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A gadget that watches the markers of a file. */
function gadget(file: string, program = 'fired'): string {
	const path = join(folder, `${program}-${Math.abs(file.length)}`);
	mkdirSync(path, { recursive: true });
	copyFileSync(built('test/ebpf/fixtures/markers.bpf.o'), join(path, 'program.bpf.o'));
	const targets = ['fired', 'counted'].map(
		(name) => `  ${name}:\n    attach_to: ${name === program ? `${file}:igtest:${name}` : 'gadget_program_disabled'}\n`,
	);
	writeFileSync(join(path, 'gadget.yaml'), `name: markers\nprograms:\n${targets.join('')}`);
	return path;
}

it('arguments arrive, of every place of a marker', async () => {
	const result = await igDuring([gadget(markers), '-o', 'json'], () => {
		execFileSync(markers);
	});
	expect(jsonLines(result)).toMatchObject([
		{ number: 42, text: 'forty-two', negative: -7 },
		{ number: 43, text: 'forty-three', negative: -8 },
		{ number: 44, text: 'forty-four', negative: -9 },
	]);
});

it('a program knows when somebody is attached to its marker', async () => {
	let said = '';
	const result = await igDuring([gadget(markers, 'counted'), '-o', 'json'], () => {
		said = execFileSync(markers, { encoding: 'utf8' });
	});
	expect(said).toBe('1\n');
	expect(jsonLines(result)).toMatchObject([{ number: -42 }, { number: -43 }]);
	expect(execFileSync(markers, { encoding: 'utf8' })).toBe('0\n');
});

it('a file of another mount namespace is reached through /proc/PID/root', async () => {
	const script = `mount -t tmpfs none "$1" && cp "$0" "$1/hidden" && echo ready && read -r _ && "$1/hidden"`;
	const place = join(folder, 'mount');
	mkdirSync(place);
	const child = spawn('unshare', ['-m', 'sh', '-ec', script, markers, place], { stdio: ['pipe', 'pipe', 'inherit'] });
	await once(child.stdout, 'data');
	const result = await igDuring([gadget(`/proc/${child.pid}/root${place}/hidden`), '-o', 'json'], async () => {
		child.stdin.end('\n');
		await once(child, 'close');
	});
	expect(jsonLines(result)).toMatchObject([{ number: 42, pid: expect.any(Number) }, { number: 43 }, { number: 44 }]);
});

it('a program may read the registers itself', () => {
	const object = BpfObject.open(readFileSync(built('test/ebpf/fixtures/markers_raw.bpf.o')), { name: 'markers_raw' });
	try {
		for (const name of ['fired', 'counted']) object.program(name).setTarget(`${markers}:igtest:${name}`);
		object.load();
		object.attach();
		expect(execFileSync(markers, { encoding: 'utf8' })).toBe('1\n');
		const runs = new BigUint64Array(object.global('runs').value.buffer);
		expect([...runs]).toEqual([3n, 2n]);
		object.detach();
		expect(execFileSync(markers, { encoding: 'utf8' })).toBe('0\n');
		object.program('fired').setTarget(`${markers}:igtest:missing`);
		expect(errorOf(() => object.attach())).toMatchObject({ code: 'IG_HOOK_MISSING', message: expect.stringContaining('igtest:missing') });
	} finally {
		object.close();
	}
});
