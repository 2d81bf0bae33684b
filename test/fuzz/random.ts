/** Random numbers from a seed, and bytes changed at random. */
const interesting = [0, 1, 2, 7, 8, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

export class Random {
	#state: number;
	constructor(seed: number) {
		this.#state = seed >>> 0 || 1;
	}
	/** A whole number below `limit` (mulberry32). */
	below(limit: number): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let value = this.#state;
		value = Math.imul(value ^ (value >>> 15), value | 1);
		value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
		return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * limit);
	}
	pick<T>(from: readonly T[]): T {
		return from[this.below(from.length)] as T;
	}
	/** What breaks things more often than others do. */
	number(): number {
		return this.below(3) === 0 ? this.below(2 ** 32) : this.pick(interesting) + this.below(3) - 1;
	}
	/** A few changes: bits, bytes, numbers, parts taken out, doubled, or from `other`. */
	mutate(bytes: Uint8Array, other: Uint8Array): Uint8Array {
		let now = Buffer.from(bytes);
		for (let changes = 1 + this.below(4); changes > 0; changes--) {
			const at = this.below(now.length + 1);
			const size = this.below(Math.min(64, now.length - at + 1));
			const rest = now.subarray(at + size);
			const kind = this.below(7);
			if (kind === 0 && at < now.length) now[at] = (now[at] ?? 0) ^ (1 << this.below(8));
			else if (kind === 1 && at < now.length) now[at] = this.pick(interesting) & 0xff;
			else if (kind === 2) now = Buffer.concat([now.subarray(0, at), rest]);
			else if (kind === 3) now = Buffer.concat([now.subarray(0, at + size), now.subarray(at)]);
			else if (kind === 4) {
				const from = this.below(other.length);
				now = Buffer.concat([now.subarray(0, at), other.subarray(from, from + this.below(64)), rest]);
			} else if (kind === 5) now = now.subarray(0, Math.max(1, at));
			else if (at + 4 <= now.length) now.writeUInt32LE(this.number() >>> 0, at);
		}
		return now;
	}
}
