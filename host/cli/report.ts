/** The one place that shows errors to people. */
import { IgError } from '../errors.js';

/** Asked when there is something to say: making the stream takes 5 ms of a start. */
const paint = (code: number, text: string): string =>
	process.stderr.isTTY === true && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;

/** Makes text from outside (operators, kernels, files) safe for a terminal: no control characters but newline and tab. */
export function printable(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function causes(error: unknown): string[] {
	const lines: string[] = [];
	for (let cause = error; cause instanceof Error; cause = cause.cause) {
		lines.push(`${cause === error ? '' : 'caused by: '}${cause.stack ?? cause.message}`);
	}
	return lines;
}

/**
 * Prints `error: …` and, where there is something to do about it, `hint: …` on stderr; with -v also stack and causes.
 * @returns the exit code
 */
export function report(error: unknown, args: readonly string[]): number {
	const verbose = args.includes('-v') || args.includes('--verbose');
	const known =
		error instanceof IgError
			? error
			: new IgError('IG_INTERNAL', { reason: error instanceof Error ? error.message : String(error) }, { cause: error });
	const lines = [`${paint(31, 'error:')} ${printable(known.message)}`];
	if (known.hint !== undefined && known.hint !== '') lines.push(`${paint(36, 'hint:')} ${printable(known.hint)}`);
	if (verbose) lines.push(...causes(known).map(printable), `code: ${known.code}`);
	process.stderr.write(`${lines.join('\n')}\n`);
	return known.exit;
}

export type Level = 'error' | 'warn' | 'info' | 'debug';
const labels = {
	error: () => `${paint(31, 'error:')} `,
	warn: () => `${paint(33, 'warning:')} `,
	info: () => '',
	debug: () => `${paint(2, 'debug:')} `,
} as const;

export type Log = (level: Level, text: string) => void;

/** Lines on stderr; `debug` ones only with -v. */
export function makeLog(verbose: boolean): Log {
	return (level, text) => {
		if (level === 'debug' && !verbose) return;
		process.stderr.write(`${labels[level]()}${printable(text)}\n`);
	};
}
