/** The text of docs/errors.md. */
import { type ErrorKind, errorKinds } from './errors.js';

const code = (text: string): string => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');

export function errorsPage(): string {
	const rows = Object.entries(errorKinds).map(([name, kind]: [string, ErrorKind]) => {
		return `| \`${name}\` | ${code(kind.message)} | ${code(kind.hint ?? '')} | ${kind.exit ?? 1} |`;
	});
	return `# Errors

Made from the table in \`host/errors.ts\` by \`node scripts/errors-page.mjs\`. Codes are stable: programs and tests match them, never the
texts. The command line shows \`error: MESSAGE\` and \`hint: HINT\` on stderr; with \`-v\` also the code, the causes and stacks. Words in braces
are replaced by the error's details.

| code | message | hint | exit code |
|---|---|---|---|
${rows.sort().join('\n')}
`;
}
