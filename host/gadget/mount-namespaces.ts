/** The mount namespaces, containers that is, whose events a gadget shows: `bpf/include/gadget/mntns_filter.h`. */
import type { BpfObject } from '../ebpf/object.js';

const MAP = 'gadget_mntns_filter_map';
const SWITCH = 'gadget_filter_by_mntns';

/** Of a loaded gadget, as long as that is. Changes count from the next event on. */
export interface MountNamespaces {
	/** @param id the namespace's inode @throws IgError IG_INTERNAL when there are more than the map holds */
	add(id: bigint): void;
	remove(id: bigint): void;
}

/**
 * Before the load: lets the object's programs filter.
 * @returns what makes the set when it has been loaded; undefined when the gadget does not filter by mount namespace
 */
export function filterByMountNamespace(object: BpfObject): (() => MountNamespaces) | undefined {
	if (!object.variables.includes(SWITCH) || !object.maps.some(({ name }) => name === MAP)) return undefined;
	object.setGlobal(SWITCH, Uint8Array.of(1));
	return () => {
		const map = object.map(MAP);
		const key = (id: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(id).buffer);
		const present = new Uint8Array(Uint32Array.of(1).buffer);
		return {
			add: (id) => map.update(key(id), present),
			remove: (id) => {
				map.delete(key(id));
			},
		};
	};
}
