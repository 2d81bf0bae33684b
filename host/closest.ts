/** Guesses what a mistyped name meant. */

function distance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1] ? 0 : 1;
			next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}

/** ` (did you mean X?)` for the nearest of `names`, or an empty text when none is near. */
export function closest(name: string, names: Iterable<string>): string {
	const wanted = name.toLowerCase();
	let best: string | undefined;
	let bestDistance = Math.max(2, Math.floor(name.length * 0.4)) + 1;
	for (const candidate of names) {
		const lower = candidate.toLowerCase();
		const d = lower !== wanted && lower.startsWith(wanted) && wanted.length >= 3 ? 1 : distance(wanted, lower);
		if (d < bestDistance) {
			best = candidate;
			bestDistance = d;
		}
	}
	return best === undefined ? '' : ` (did you mean ${best}?)`;
}
