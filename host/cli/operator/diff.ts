/** What changed between two texts, line by line, for people. */

type Line = readonly [' ' | '-' | '+', string];

/** Lines around a change that are shown. */
const CONTEXT = 2;
/** Beyond this the table below would be too large; then all old lines go and all new ones come. */
const MOST_CELLS = 4_000_000;

/** The fewest lines that go and come (longest common subsequence). */
function changes(before: readonly string[], after: readonly string[]): Line[] {
	if (before.length * after.length > MOST_CELLS) {
		return [...before.map((text): Line => ['-', text]), ...after.map((text): Line => ['+', text])];
	}
	const width = after.length + 1;
	const common = new Uint32Array((before.length + 1) * width);
	for (let i = before.length - 1; i >= 0; i--) {
		for (let j = after.length - 1; j >= 0; j--) {
			const at = i * width + j;
			const same = before[i] === after[j];
			common[at] = same ? (common[at + width + 1] ?? 0) + 1 : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0);
		}
	}
	const lines: Line[] = [];
	let [i, j] = [0, 0];
	while (i < before.length || j < after.length) {
		const at = i * width + j;
		if (i < before.length && j < after.length && before[i] === after[j]) {
			lines.push([' ', before[i++] as string]);
			j++;
		} else if (i < before.length && (j === after.length || (common[at + width] ?? 0) >= (common[at + 1] ?? 0)))
			lines.push(['-', before[i++] as string]);
		else lines.push(['+', after[j++] as string]);
	}
	return lines;
}

/** Lines marked `-` (only in `before`), `+` (only in `after`) and ` `, a few of the latter around each change. Empty: they are the same. */
export function diff(before: string, after: string): string[] {
	const split = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
	const lines = changes(split(before), split(after));
	const near = (at: number): boolean => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([mark]) => mark !== ' ');
	const shown: string[] = [];
	for (const [at, [mark, text]] of lines.entries()) {
		if (near(at)) shown.push(`${mark} ${text}`);
		else if (at > 0 && near(at - 1)) shown.push('  …');
	}
	return shown.at(-1) === '  …' ? shown.slice(0, -1) : shown;
}
