// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Small helpers around maps.
#ifndef GADGET_MAPS_BPF_H
#define GADGET_MAPS_BPF_H

#include <gadget/types.h>
#include <asm-generic/errno.h>
#include <bpf/bpf_helpers.h>


// The value of `key`, which becomes *init if there was none. NULL when the map is full.
static __always_inline void *bpf_map_lookup_or_try_init(void *map, const void *key, const void *init)
{
	void *value = bpf_map_lookup_elem(map, key);
	long error;

	if (value)
		return value;
	error = bpf_map_update_elem(map, key, init, BPF_NOEXIST);
	// Another CPU may have come first.
	if (error && error != -EEXIST)
		return 0;
	return bpf_map_lookup_elem(map, key);
}

// Map `name` with room for one `item` per CPU, at key 0: for what the stack's 512 bytes have no room for.
#define GADGET_SCRATCH(name, item)                       \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, 1);                  \
		__type(key, __u32);                      \
		__type(value, item);                     \
	} name SEC(".maps")

#endif
