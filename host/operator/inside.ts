/** The part of a guest's memory that an address and a size from the guest name; undefined when it is not inside. */
export function bytesInside(memory: Uint8Array, address: number, size: number): Uint8Array | undefined {
	// As the guest means them: WebAssembly's numbers have no sign.
	const start = address >>> 0;
	const end = start + (size >>> 0);
	return end <= memory.length ? memory.subarray(start, end) : undefined;
}
