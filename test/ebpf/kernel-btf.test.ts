import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gadgetBtf, KERNEL_BTF } from '../../host/ebpf/kernel-btf.js';
import { BpfObject } from '../../host/ebpf/object.js';
import { built } from '../../host/root.js';
import { errorOf } from '../support/errors.js';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'ig-btf-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('BTF from a file', () => {
	it('may be cut down to what a gadget needs', (context) => {
		if (spawnSync('bpftool', ['version']).status !== 0) context.skip('no bpftool; test/ebpf/setup.sh installs it');
		const object = built('gadgets', 'trace_open', 'program.bpf.o');
		const cut = join(folder, 'cut.btf');
		execFileSync('bpftool', ['gen', 'min_core_btf', KERNEL_BTF, cut, object]);
		expect(statSync(cut).size).toBeLessThan(statSync(KERNEL_BTF).size / 100);
		const opened = BpfObject.open(readFileSync(object), { name: 'cut', btfPath: cut });
		try {
			opened.load();
			expect(opened.programs[0]?.fd).toBeGreaterThan(2);
		} finally {
			opened.close();
		}
	});

	it('that is none is named', () => {
		const object = built('gadgets', 'trace_open', 'program.bpf.o');
		const opened = BpfObject.open(readFileSync(object), { name: 'none', btfPath: '/etc/hostname' });
		try {
			expect(errorOf(() => opened.load())).toMatchObject({ code: 'IG_BTF', details: { path: '/etc/hostname' } });
		} finally {
			opened.close();
		}
	});

	it('is found in the folder of a gadget, when the kernel has none', () => {
		const text = readFileSync('/etc/os-release', 'utf8');
		const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
		const machine = arch() === 'x64' ? 'x86_64' : arch();
		const path = join(folder, 'btf', value('ID'), value('VERSION_ID'), machine, `${release()}.btf`);
		expect(gadgetBtf(folder, join(folder, 'none'))).toBeUndefined();
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, '');
		expect(gadgetBtf(folder, join(folder, 'none'))).toBe(path);
		expect(gadgetBtf(folder)).toBeUndefined();
	});
});
