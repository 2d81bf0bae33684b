/** Local time for operators, which have no clock and no time zones: when the offset from UTC changes, and to what. */

const DAY = 86_400;

/** Seconds east of UTC at a time (seconds since 1970). */
function offsetAt(seconds: number): number {
	return -60 * new Date(seconds * 1000).getTimezoneOffset();
}

/**
 * `since:offset` pairs, sorted, for `around` (ms since 1970) and two years on both sides: more than any run or recording lasts.
 * @param offset for tests
 */
export function utcOffsets(around: number, offset: (seconds: number) => number = offsetAt): string {
	const middle = Math.floor(around / 1000);
	const first = middle - 730 * DAY;
	const last = middle + 730 * DAY;
	let current = offset(first);
	const pairs = [`0:${current}`];
	// Zones change at most a few times a year, never twice within two weeks and back.
	for (let day = first; day < last; day += 14 * DAY) {
		const next = offset(day + 14 * DAY);
		if (next === current) continue;
		let [low, high] = [day, day + 14 * DAY];
		while (high - low > 1) {
			const between = Math.floor((low + high) / 2);
			if (offset(between) === current) low = between;
			else high = between;
		}
		current = next;
		pairs.push(`${high}:${current}`);
	}
	return pairs.join(',');
}
