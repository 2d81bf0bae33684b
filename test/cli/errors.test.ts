import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, type ErrorKind, errorKinds, IgError } from '../../host/errors.js';
import { errorsPage } from '../../host/errors-page.js';

describe('errors', () => {
	it('fill their templates, and leave what they were not told', () => {
		const error = new IgError('IG_FLAG_UNKNOWN', { flag: '--x', guess: '' });
		expect(error.message).toBe("unknown flag '--x'");
		expect(error.hint).toBe('see `{help}`');
		expect(error.exit).toBe(2);
		expect(new IgError('IG_NOT_ROOT').exit).toBe(1);
	});

	it.each(Object.keys(errorKinds) as ErrorCode[])('%s has a code in its form, a message, and an exit code that is documented', (code) => {
		const kind: ErrorKind = errorKinds[code];
		expect(code).toMatch(/^IG_[A-Z_]+$/);
		expect(kind.message).not.toBe('');
		expect([undefined, 1, 2]).toContain(kind.exit);
	});

	it('are all on the page', () => {
		expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsPage());
	});
});
