import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type Flag, normalise, parseFlags, positionals } from '../../host/cli/flags.js';
import { checkForeign, commonOptions } from '../../host/cli/options.js';
import { commonFlags, ignoredFlags, laterFlags, runFlags } from '../../host/cli/run-flags.js';
import { errorOf } from '../support/errors.js';

const gadget: Flag[] = [
	{ name: 'paths', description: 'show paths', group: 'Gadget' },
	{ name: 'pid', value: 'uint32', description: 'only this', group: 'Gadget' },
	{ name: 'filter.open', value: 'RULES', description: '', group: 'Filters' },
];
const flags = [...gadget, ...commonFlags, ...runFlags, ...ignoredFlags, ...laterFlags];
const help = 'ig run trace_open --help';

function parse(...args: string[]) {
	const command = new Command('ig run trace_open').argument('<GADGET>');
	return parseFlags(command, args, flags, help);
}

describe('flags', () => {
	it('leaves the argument after a boolean alone', () => {
		const { values, operands } = parse('--paths', 'trace_open', '-v', '--stats');
		expect(operands).toEqual(['trace_open']);
		expect(values.get('paths')).toEqual(['true']);
		expect(values.get('verbose')).toEqual(['true']);
		expect(commonOptions(values, help)).toMatchObject({ verbose: true, statsMs: 0 });
	});

	it('takes values in every form', () => {
		const { values } = parse('trace_open', '--paths=false', '-t5', '-o=json', '--pid', '-1', '--stats=2', '--filter.open', 'a==b');
		expect(values.get('paths')).toEqual(['false']);
		expect(values.get('timeout')).toEqual(['5']);
		expect(values.get('output')).toEqual(['json']);
		expect(values.get('pid')).toEqual(['-1']);
		expect(commonOptions(values, help).statsMs).toBe(2000);
		expect([...commonOptions(values, help).filter]).toEqual([['open', 'a==b']]);
	});

	it('keeps the order of operators', () => {
		const { values } = parse('trace_open', '--wasm-operator', 'a.wasm', '--paths', '--wasm-operator=b.wasm,x=1');
		expect(commonOptions(values, help).wasmOperators.map(({ file }) => file)).toEqual(['a.wasm', 'b.wasm']);
	});

	it('guesses what an unknown flag meant', () => {
		const error = errorOf(() => parse('trace_open', '--path'));
		expect(error.code).toBe('IG_FLAG_UNKNOWN');
		expect(error.exit).toBe(2);
		expect(error.message).toBe("unknown flag '--path' (did you mean --paths?)");
		expect(error.hint).toContain(help);
	});

	it('wants values where they are needed, and one gadget', () => {
		expect(errorOf(() => parse('trace_open', '--pid')).code).toBe('IG_USAGE');
		expect(errorOf(() => parse()).code).toBe('IG_USAGE');
		expect(errorOf(() => parse('a', 'b')).code).toBe('IG_USAGE');
	});

	it('does not look into values', () => {
		expect(normalise(['--filter', '-v', '--', '-v'], flags)).toEqual(['--filter', '-v', '--', '-v']);
		expect(positionals(['-o', 'json', '--unknown', 'x', 'trace_open', '--paths', '-t5'], flags)).toEqual(['x', 'trace_open']);
	});

	it.each([
		[['--stats=x'], 'IG_FLAG_VALUE'],
		[['--operator-deadline', '0'], 'IG_FLAG_VALUE'],
		[['--max-entries', 'many'], 'IG_FLAG_VALUE'],
		[['--verbose=perhaps'], 'IG_FLAG_VALUE'],
		[['--filter', '@/nonexistent'], 'IG_FLAG_VALUE'],
	])('%j is refused', (args, code) => {
		expect(errorOf(() => commonOptions(parse('trace_open', ...args).values, help)).code).toBe(code);
	});
});

describe('flags of other drivers', () => {
	const check = (...args: string[]): string[] => {
		const notes: string[] = [];
		checkForeign(parse('trace_open', ...args).values, (level, text) => notes.push(`${level} ${text}`));
		return notes;
	};
	it('are taken where they change nothing', () => {
		expect(check('-r', 'docker', '--verify-image=false', '--auto-mount-filesystems', '--pull', 'never', '--host')).toHaveLength(3);
	});
	it('are an error where ignoring them would show other events than asked for', () => {
		const error = errorOf(() => check('-c', 'web'));
		expect(error.code).toBe('IG_FLAG_LATER');
		expect(error.message).toContain('containers come later');
	});
});
