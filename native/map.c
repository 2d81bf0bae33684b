// SPDX-License-Identifier: Apache-2.0
/* BPF maps for operators: many entries in one call. */
#include <bpf/bpf.h>
#include "internal.h"

int ig_map_read(int map_fd, const uint8_t *after, uint32_t key_size, uint32_t value_size, uint8_t *entries, uint64_t size)
{
	const uint64_t key_room = ig_round8(key_size), entry = key_room + ig_round8(value_size);
	const uint8_t *last = after;
	int count = 0;

	/* An entry that was deleted between the two calls leaves its place to the next one, so the tries are bounded, too. */
	for (uint32_t tries = 0; tries < IG_MAP_READ_MAX && (uint64_t)(count + 1) * entry <= size; tries++) {
		uint8_t *to = entries + (uint64_t)count * entry;
		int error = bpf_map_get_next_key(map_fd, last, to);

		if (error)
			return error == -ENOENT ? count : error;
		last = to;
		error = bpf_map_lookup_elem(map_fd, to, to + key_room);
		if (error && error != -ENOENT)
			return error;
		if (!error) {
			memset(to + key_size, 0, key_room - key_size);
			memset(to + key_room + value_size, 0, entry - key_room - value_size);
			count++;
		}
	}
	return count;
}
