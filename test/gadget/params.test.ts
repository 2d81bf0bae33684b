import { describe, expect, it } from 'vitest';
import type { ParamVariable } from '../../host/ebpf/schema.js';
import { emptyMetadata } from '../../host/gadget/metadata.js';
import { encodeParam, makeParams, parseBool, rangeOf } from '../../host/gadget/params.js';
import { Kind } from '../../host/schema.js';

const variable = (name: string, kind: number, size: number, initial: readonly number[] = []): ParamVariable => ({
	...{ name, kind, size, types: kind === Kind.Bytes ? ['gadget_l3endpoint_t'] : [] },
	initial: Uint8Array.from({ length: size }, (_, i) => initial[i] ?? 0),
});

const variables = [
	variable('targ_pid', Kind.Uint32, 4),
	variable('targ_uid', Kind.Uint32, 4, [255, 255, 255, 255]),
	variable('targ_comm', Kind.CString, 16),
	variable('ignore_failed', Kind.Bool, 1, [1]),
	variable('delta', Kind.Int16, 2, [0xfe, 0xff]),
	variable('ratio', Kind.Float64, 8),
	variable('peer', Kind.Bytes, 20),
	variable('name', Kind.CString, 8, [0x61, 0x62]),
	variable('pointer', Kind.Invalid, 8),
];
const metadata = {
	...emptyMetadata('x'),
	params: { ignore_failed: { key: 'ignore-failed', description: 'hide failures' }, name: { possibleValues: ['ab', 'cd'] } },
};
const params = makeParams(variables, metadata);
const param = (key: string) => {
	const found = params.find((candidate) => candidate.key === key);
	if (found === undefined) throw new Error(`no ${key}`);
	return found;
};
const code = (run: () => unknown): unknown => {
	try {
		run();
	} catch (error) {
		return (error as { code?: unknown }).code;
	}
	return undefined;
};

describe('parameters of a gadget', () => {
	it('are flags with the well-known names, the keys of gadget.yaml, or the names of variables', () => {
		expect(params.map(({ key }) => key)).toEqual(['comm', 'delta', 'ignore-failed', 'name', 'peer', 'pid', 'ratio', 'uid']);
		expect(param('ignore-failed').description).toBe('hide failures');
	});

	it('have the defaults of the object file', () => {
		expect(params.map((one) => [one.key, one.type, one.default])).toEqual([
			['comm', 'string', ''],
			['delta', 'int16', '-2'],
			['ignore-failed', 'bool', 'true'],
			['name', 'string', 'ab'],
			['peer', 'ip', '0.0.0.0'],
			['pid', 'uint32', '0'],
			['ratio', 'float64', ''],
			['uid', 'uint32', '4294967295'],
		]);
	});

	it('take a default from paramDefaults', () => {
		const other = makeParams(variables, { ...metadata, paramDefaults: { 'operator.oci.ebpf.pid': '7' } });
		expect(other.find(({ key }) => key === 'pid')?.default).toBe('7');
	});

	it.each([
		['pid', '258', [2, 1, 0, 0]],
		['pid', '0x10', [16, 0, 0, 0]],
		['delta', '-2', [254, 255]],
		['ignore-failed', 'True', [1]],
		['ignore-failed', '0', [0]],
		['name', 'cd', [0x63, 0x64, 0, 0, 0, 0, 0, 0]],
		['peer', '1.2.3.4', [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]],
		['peer', 'fe80::1', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0]],
	] as const)('%s=%s is encoded', (key, value, bytes) => {
		expect([...encodeParam(param(key), value)]).toEqual([...bytes]);
	});

	it('encodes floats', () => {
		expect(new DataView(encodeParam(param('ratio'), '1.5').buffer).getFloat64(0, true)).toBe(1.5);
	});

	it.each([
		['pid', '-1'],
		['pid', '4294967296'],
		['pid', ''],
		['pid', '1.5'],
		['pid', 'x'],
		['delta', '32768'],
		['ignore-failed', 'maybe'],
		['comm', '0123456789abcdef'],
		['comm', 'a\0b'],
		['name', 'xy'],
		['ratio', ''],
		['ratio', 'a'],
		['peer', '1.2.3'],
		['peer', '1.2.3.256'],
		['peer', '::1::'],
		['peer', '1:2:3:4:5:6:7:8:9'],
	])('%s=%j is refused', (key, value) => {
		expect(code(() => encodeParam(param(key), value))).toBe('IG_PARAM');
	});

	it('say their range', () => {
		expect(rangeOf(param('delta'))).toBe('-32768..32767');
		expect(rangeOf(param('comm'))).toBe('at most 15 bytes');
		expect(rangeOf(param('ignore-failed'))).toBeUndefined();
	});

	it('know the booleans of Go', () => {
		expect(['1', 't', 'TRUE', '0', 'F', 'false', 'yes'].map(parseBool)).toEqual([true, true, true, false, false, false, undefined]);
	});
});
