import { describe, expect, it } from 'vitest';
import { closest } from '../../host/closest.js';
import { parseDuration } from '../../host/cli/duration.js';
import { utcOffsets } from '../../host/cli/local-time.js';
import { parseOperatorSpec } from '../../host/cli/operator-spec.js';
import { perSource, splitEscaped } from '../../host/cli/per-source.js';
import { expressionFields, isRawFilter, ruleFields } from '../../host/cli/raw-filter.js';
import { printable } from '../../host/cli/report.js';
import { changes, parseIds } from '../../host/users.js';
import { bare, reference } from '../support/reference.js';

const open = bare(reference('trace_open'));
const other = { ...open, name: 'other' };
const help = 'ig run --help';

describe('times', () => {
	it.each([
		['5', 's', 5000],
		['250', 'ms', 250],
		['500ms', 's', 500],
		['1.5s', 'ms', 1500],
		['2m', 's', 120_000],
		['1m30s', 's', 90_000],
		['0', 's', 0],
	] as const)('%s (a bare number is %s)', (text, unit, ms) => {
		expect(parseDuration('--timeout', text, unit, help)).toBe(ms);
	});
	it.each(['', '-1', 'x', '5 s', '1s2', '5d'])('%j is none', (text) => {
		expect(() => parseDuration('--timeout', text, 's', help)).toThrow(/is not a time/);
	});
});

describe('values per data source', () => {
	it('is for all, or for those that are named', () => {
		expect([...perSource('-o', 'json', [open, other], ',', help)]).toEqual([
			['open', 'json'],
			['other', 'json'],
		]);
		expect([...perSource('-o', 'Open:json,other:none', [open, other], ',', help)]).toEqual([
			['open', 'json'],
			['other', 'none'],
		]);
		expect([...perSource('--fields', 'open:a,b;other:+c', [open, other], ';', help)]).toEqual([
			['open', 'a,b'],
			['other', '+c'],
		]);
	});
	it('refuses a mixture, and names that are none', () => {
		expect(() => perSource('-o', 'json,other:none', [open, other], ',', help)).toThrow(/mixes values/);
		expect(() => perSource('-o', 'opn:json', [open], ',', help)).toThrow(/no data source 'opn'/);
	});
	it('splits with escapes', () => {
		expect(splitEscaped('a\\,b,c\\\\,d\\x', ',')).toEqual(['a,b', 'c\\', 'd\\x']);
	});
});

describe('--wasm-operator', () => {
	it('is a file, parameters and a place', () => {
		expect(parseOperatorSpec('f.wasm', help)).toEqual({ file: 'f.wasm', params: {}, place: 'before-formatters' });
		expect(parseOperatorSpec('a\\,b.wasm,prefix=/etc,list=x\\,y=z,@last', help)).toEqual({
			file: 'a,b.wasm',
			params: { prefix: '/etc', list: 'x,y=z' },
			place: 'last',
		});
	});
	it.each([
		['', /names no file/],
		['f.wasm,prefix', /neither KEY=VALUE/],
		['f.wasm,=x', /neither KEY=VALUE/],
		['f.wasm,@after-formater', /did you mean after-formatters/],
	])('%j is refused', (text, message) => {
		expect(() => parseOperatorSpec(text, help)).toThrow(message);
	});
});

describe('filters that need no texts', () => {
	it('name only fields of the record', () => {
		expect(isRawFilter(open, 'proc.comm==cat,fd>3', undefined)).toBe(true);
		expect(isRawFilter(open, 'PROC.COMM~c.*', undefined)).toBe(true);
		expect(isRawFilter(open, 'error==ENOENT', undefined)).toBe(false);
		expect(isRawFilter(open, 'timestamp_raw>1', undefined)).toBe(false);
		expect(isRawFilter(open, undefined, 'fd > 3 && (proc.comm contains "error" || not (proc.pid in [1, 2]))')).toBe(true);
		expect(isRawFilter(open, undefined, 'fd > 3 && error == "x"')).toBe(false);
	});
	it('finds the names of fields', () => {
		expect(ruleFields('a==b\\,c,d!~x')).toEqual(['a', 'd']);
		expect(expressionFields('a.b == "c d" and !e || f1 in cidr(`g`)')).toEqual(['a.b', 'e', 'f1']);
	});
});

describe('guesses', () => {
	it('finds what was nearly typed', () => {
		expect(closest('--path', ['--paths', '--pid'])).toBe(' (did you mean --paths?)');
		expect(closest('trace_opn', ['trace_open', 'trace_exec'])).toBe(' (did you mean trace_open?)');
		expect(closest('zzz', ['trace_open'])).toBe('');
	});
});

describe('users and groups', () => {
	it('reads passwd and group', () => {
		const names = parseIds('root:x:0:0::/root:/bin/sh\nother:x:0:\n# x:y:1\n\nbad:x:\nbig:x:4294967296:\nme:x:1000:1000\n');
		expect([...names]).toEqual([
			[0, 'root'],
			[1000, 'me'],
		]);
	});
	it('tells changes', () => {
		const before = parseIds('a:x:1\nb:x:2\n');
		expect([...changes(before, parseIds('a:x:1\nc:x:3\nB:x:2\n'))]).toEqual([
			[3, 'c'],
			[2, 'B'],
		]);
		expect([...changes(before, parseIds('a:x:1\n'))]).toEqual([[2, null]]);
	});
});

describe('texts from outside', () => {
	it('cannot reach the terminal raw', () => {
		expect(printable('a\x1b[31mb\r\n\tc\x9b')).toBe('a\\x1b[31mb\\x0d\n\tc\\x9b');
	});
});

describe('local time', () => {
	const around = Date.UTC(2026, 5, 1);
	it('is one offset where clocks stay', () => {
		expect(utcOffsets(around, () => 3600)).toBe('0:3600');
	});
	it('knows to the second when clocks change', () => {
		const spring = Date.UTC(2026, 2, 29, 1) / 1000;
		const autumn = Date.UTC(2026, 9, 25, 1) / 1000;
		const zone = (seconds: number) => (seconds >= spring && seconds < autumn ? 7200 : 3600);
		expect(utcOffsets(around, zone)).toBe(`0:3600,${spring}:7200,${autumn}:3600`);
	});
});
