/** The fixtures' objects, built by `make test-fixtures`. */
import { readFileSync } from 'node:fs';
import { BpfObject } from '../../host/ebpf/object.js';
import { built } from '../../host/root.js';

export function openFixture(name: string): BpfObject {
	return BpfObject.open(readFileSync(built('test', 'ebpf', 'fixtures', `${name}.bpf.o`)), { name });
}

export function u32(...values: number[]): Uint8Array {
	return new Uint8Array(new Uint32Array(values).buffer);
}

export function u64(value: bigint): Uint8Array {
	return new Uint8Array(new BigUint64Array([value]).buffer);
}
