/** Several runs of one thing. */
export interface Sample {
	readonly median: number;
	readonly low: number;
	readonly high: number;
	readonly runs: number;
}

/** @throws RangeError when there is no value */
export function summarize(values: readonly number[]): Sample {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle];
	const lower = sorted.length % 2 === 1 ? upper : sorted[middle - 1];
	if (upper === undefined || lower === undefined) throw new RangeError('no runs');
	return { median: (lower + upper) / 2, low: sorted[0] as number, high: sorted.at(-1) as number, runs: sorted.length };
}

/** Three significant digits, thousands set apart. */
export function short(value: number): string {
	if (!Number.isFinite(value)) return '-';
	const size = Math.abs(value);
	const digits = size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
	const [whole = '', fraction] = value.toFixed(digits).split('.');
	const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
	return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `0.51 (0.49–0.53)`; the spread is left out when there was one run. */
export function spread({ median, low, high, runs }: Sample): string {
	return runs === 1 ? short(median) : `${short(median)} (${short(low)}–${short(high)})`;
}
