// SPDX-License-Identifier: Apache-2.0
/*
 * The numbers of stacks in a map of the kernel's. It never gives a place back by itself, and a stack whose place is taken is
 * lost; so places that nobody has asked for in a while are given back here, when there are not many left. A number may then come
 * to mean another stack: its generation tells.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include "internal.h"
#include "stack_ids.h"

#define SECOND 1000000000ll
#define SWEEP_NS (2 * SECOND)
#define MOST_IDS (1u << 20)

int ig_stack_ids_open(struct ig_stack_ids *ids, int fd)
{
	struct bpf_map_info info = {};
	uint32_t length = sizeof(info);

	*ids = (struct ig_stack_ids){ .fd = fd };
	if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &length))
		return 0;
	/* Numbers are those of buckets, of which there is a power of two. */
	for (ids->count = 1; ids->count < info.max_entries && ids->count < MOST_IDS; ids->count *= 2)
		;
	ids->all = calloc(ids->count, sizeof(*ids->all));
	return ids->all ? 0 : -ENOMEM;
}

void ig_stack_ids_close(struct ig_stack_ids *ids)
{
	free(ids->all);
	*ids = (struct ig_stack_ids){ .fd = -1 };
}

static bool is_there(const struct ig_stack_ids *ids, uint32_t id)
{
	uint64_t addresses[IG_MOST_FRAMES];

	return !bpf_map_lookup_elem(ids->fd, &id, addresses);
}

uint32_t ig_stack_ids_use(struct ig_stack_ids *ids, uint32_t id, int64_t now)
{
	struct ig_stack_id *one = id < ids->count ? &ids->all[id] : NULL;

	if (!one)
		return 0;
	one->used = now;
	/* Given back, and not there again: a record of before, whose text may still be remembered. */
	if (!one->live && is_there(ids, id)) {
		one->live = true;
		one->generation++;
	}
	return one->generation;
}

uint32_t ig_stack_ids_sweep(struct ig_stack_ids *ids, int also_fd, int64_t now)
{
	uint32_t id, next, there = 0, given_back = 0;
	int64_t idle;

	if (!ids->count || now - ids->swept < SWEEP_NS)
		return 0;
	ids->swept = now;
	for (int more = bpf_map_get_next_key(ids->fd, NULL, &next); !more && there < ids->count; more = bpf_map_get_next_key(ids->fd, &id, &next)) {
		id = next;
		there++;
		if (id >= ids->count || ids->all[id].live)
			continue;
		/* Of a record that was filtered, or is on its way. */
		ids->all[id] = (struct ig_stack_id){ .used = now, .generation = ids->all[id].generation + 1, .live = true };
	}
	if (there <= ids->count / 2)
		return 0;
	/* Gadgets may keep numbers for later; where there are so many that stacks are lost, only for a moment. */
	idle = there > ids->count / 4 * 3 ? 5 * SECOND : 60 * SECOND;
	for (id = 0; id < ids->count; id++) {
		if (!ids->all[id].live || now - ids->all[id].used < idle)
			continue;
		bpf_map_delete_elem(ids->fd, &id);
		if (also_fd >= 0)
			bpf_map_delete_elem(also_fd, &id);
		ids->all[id].live = false;
		given_back++;
	}
	return given_back;
}
