import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { BpfObject } from '../../host/ebpf/object.js';
import { IgError } from '../../host/errors.js';
import { openFixture, u32, u64 } from './fixture.js';
import { errorOf } from '../support/errors.js';

let object: BpfObject | undefined;

afterEach(() => {
	object?.close();
	object = undefined;
});

function open(name: string, only?: string): BpfObject {
	object = openFixture(name);
	if (only !== undefined) for (const program of object.programs) program.setAutoload(program.name === only);
	return object;
}

describe('an object', () => {
	it('names its programs and maps', () => {
		const producer = open('producer');
		expect(producer.programs.map((program) => program.name)).toEqual(['small', 'open_size', 'paths_size', 'sized']);
		expect(producer.program('small')).toMatchObject({ section: 'socket', type: 1, autoload: true, target: '' });
		expect(producer.map('ring')).toMatchObject({ type: 27, keySize: 0, valueSize: 0, maxEntries: 16 << 20 });
		expect(producer.map('ring_lost_samples')).toMatchObject({ type: 6, keySize: 4, valueSize: 8 });
		expect(errorOf(() => producer.map('other'))).toMatchObject({ code: 'IG_OBJECT' });
	});

	it('has variables, which are set before the load and seen by the programs', () => {
		const producer = open('producer');
		expect(producer.variables).toEqual(expect.arrayContaining(['first', 'greeting', 'flags', 'count', 'length']));
		expect(producer.global('first').value).toEqual(u64(1000n));
		expect(new TextDecoder().decode(producer.global('greeting').value)).toBe('hello\0\0\0');
		producer.setGlobal('first', u32(5));
		producer.setGlobal('greeting', new TextEncoder().encode('hi'));
		expect(producer.global('first').value).toEqual(u64(5n));
		expect(new TextDecoder().decode(producer.global('greeting').value)).toBe('hi\0\0\0\0\0\0');
		producer.load();
		producer.program('small').testRun(3);
		expect(producer.global('count').value).toEqual(u64(3n));
	});

	it('refuses a variable that is not there, or a value that is too long', () => {
		const producer = open('producer');
		expect(errorOf(() => producer.setGlobal('nothing', u32(1)))).toMatchObject({
			code: 'IG_OBJECT_VARIABLE',
			details: { variable: 'nothing' },
		});
		expect(errorOf(() => producer.setGlobal('first', new Uint8Array(9)))).toMatchObject({ code: 'IG_OBJECT' });
	});

	it('resizes maps', () => {
		const producer = open('producer');
		producer.map('ring').setMaxEntries(5000);
		expect(producer.map('ring').maxEntries).toBe(8192);
		producer.load();
		expect(producer.map('ring').fd).toBeGreaterThan(2);
	});

	it('reads and writes maps', () => {
		const refused = open('refused', 'disabled');
		refused.load();
		const numbers = refused.map('numbers');
		numbers.update(u32(0), u64(77n));
		expect(numbers.lookup(u32(0))).toEqual(u64(77n));
		expect(numbers.lookup(u32(1))).toBeUndefined();
		expect(() => numbers.update(u32(1), u64(0n))).toThrow(/E2BIG/);
	});

	it('leaves nothing open when it is closed, and can be closed again', () => {
		const descriptors = (): number => readdirSync('/proc/self/fd').length;
		const before = descriptors();
		const producer = open('producer');
		producer.load();
		expect(descriptors()).toBeGreaterThan(before);
		producer.close();
		producer.close();
		expect(descriptors()).toBe(before);
		expect(errorOf(() => producer.load()).message).toMatch(/after it was closed/);
		expect(errorOf(() => producer.global('first')).message).toMatch(/after it was closed/);
	});

	it('is not opened from something else', () => {
		for (const bytes of [
			new Uint8Array(0),
			new TextEncoder().encode('\x7fELF and more of it'),
			new Uint8Array(readFileSync(process.execPath)).subarray(0, 100_000),
		]) {
			expect(errorOf(() => BpfObject.open(bytes, { name: 'junk' }))).toMatchObject({ code: 'IG_OBJECT', details: { object: 'junk' } });
		}
	});

	it('survives damage to its file', () => {
		const bytes = readFileSync(new URL('../../dist/test/ebpf/fixtures/types.bpf.o', import.meta.url));
		let seed = 12345;
		for (let round = 0; round < 300; round++) {
			const damaged = new Uint8Array(bytes);
			for (let i = 0; i < 8; i++) {
				seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
				damaged[(seed >>> 8) % damaged.length] = seed >>> 3;
			}
			try {
				BpfObject.open(damaged, { name: 'damaged' }).close();
			} catch (error) {
				expect(error).toBeInstanceOf(IgError);
			}
		}
	});
});

describe('attaching', () => {
	it('tells which tracepoint is missing', () => {
		const refused = open('refused', 'no_such_tracepoint');
		refused.load();
		expect(errorOf(() => refused.attach())).toMatchObject({
			code: 'IG_HOOK_MISSING',
			details: { program: 'no_such_tracepoint', what: 'tracepoint', target: 'syscalls/sys_enter_no_such_call' },
		});
	});

	it('tells which raw tracepoint is missing', () => {
		const refused = open('refused', 'no_such_raw_tracepoint');
		refused.load();
		expect(errorOf(() => refused.attach())).toMatchObject({ code: 'IG_HOOK_MISSING', details: { target: 'no_such_event' } });
	});

	it('goes to another target when it is told to', () => {
		const refused = open('refused', 'no_such_tracepoint');
		refused.load();
		refused.program('no_such_tracepoint').setTarget('sched/sched_process_exit');
		refused.attach();
		refused.detach();
		refused.program('no_such_tracepoint').setTarget('gadget_program_disabled');
		expect(refused.program('no_such_tracepoint').attach()).toBeUndefined();
	});

	it('leaves out what is disabled', () => {
		const refused = open('refused', 'disabled');
		refused.load();
		expect(refused.program('disabled').attach()).toBeUndefined();
	});
});

describe('a load that fails', () => {
	it("shows the verifier's reason and the last lines of its log, not all of it", () => {
		const error = errorOf(() => open('refused', 'unchecked_pointer').load());
		expect(error.code).toBe('IG_VERIFIER');
		expect(error.details.program).toBe('unchecked_pointer');
		expect(error.details.reason).toMatch(/^R\d invalid mem access 'map_value_or_null'$/);
		const lines = String(error.details.log).split('\n');
		expect(lines.length).toBeLessThanOrEqual(15);
		expect(lines.at(-1)).toContain('invalid mem access');
		expect(error.message).not.toContain('processed');
	});

	it('keeps a long log short', () => {
		const error = errorOf(() => open('refused', 'long_way').load());
		expect(error.code).toBe('IG_VERIFIER');
		expect(String(error.details.log).split('\n')).toHaveLength(15);
		expect(error.message.length).toBeLessThan(4000);
	});

	it('tells which BTF target is missing', () => {
		expect(errorOf(() => open('refused', 'no_such_btf_tracepoint').load())).toMatchObject({
			code: 'IG_HOOK_MISSING',
			details: { program: 'no_such_btf_tracepoint', target: 'no_such_event' },
		});
	});

	it('says that it needs root', () => {
		if (process.geteuid?.() !== 0) return;
		const producer = open('producer');
		process.seteuid?.(65534);
		try {
			expect(errorOf(() => producer.load())).toMatchObject({ code: 'IG_NOT_ROOT' });
		} finally {
			process.seteuid?.(0);
		}
	});
});
