/** Counts that programs keep per CPU. */
import { native } from './native.js';
import type { BpfObject } from './object.js';

const sum = new BigUint64Array(1);

/** Sum over all CPUs of element `key` of a per-CPU array of u32 or u64; 0 when it cannot be read. */
export function percpuSum(fd: number, key = 0): number {
	return native.ig_percpu_sum(fd, key, sum) < 0 ? 0 : Number(sum[0]);
}

/** A function that says how many records of a ring the kernel had no room for, since the load; undefined when the gadget does not count. */
export function lostCounter(object: BpfObject, ring: string): (() => number) | undefined {
	const map = object.maps.find((candidate) => candidate.name === `${ring}_lost_samples`);
	return map && (() => percpuSum(map.fd));
}
