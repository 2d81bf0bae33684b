/** Counts that programs keep per CPU. */
import { native } from './native.js';
import type { BpfObject } from './object.js';

const sum = new BigUint64Array(1);

/** Sum over all CPUs of element `key` of a per-CPU array of u32 or u64; 0 when it cannot be read. */
export function percpuSum(fd: number, key = 0): number {
	return native.ig_percpu_sum(fd, key, sum) < 0 ? 0 : Number(sum[0]);
}

export interface RingCounts {
	/** Records that the kernel had no room for. */
	lost(): number;
	/** Records that predicates threw away. */
	filtered(): number;
}

/** Counts of a ring since the load; undefined when the gadget does not count. */
export function ringCounts(object: BpfObject, ring: string): RingCounts | undefined {
	const map = object.maps.find((candidate) => candidate.name === `${ring}_lost_samples`);
	return map && { lost: () => percpuSum(map.fd, 0), filtered: () => (map.maxEntries > 1 ? percpuSum(map.fd, 1) : 0) };
}
