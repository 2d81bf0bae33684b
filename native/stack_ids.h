/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IG_STACK_IDS_H
#define IG_STACK_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define IG_MOST_FRAMES 127

struct ig_stack_ids {
	int fd;
	struct ig_stack_id {
		int64_t used; /* ns, of the caller's clock */
		uint32_t generation;
		bool live; /* what the number means does not change */
	} *all;
	uint32_t count;
	int64_t swept;
};

/* fd: of the map, or -1. 0 or -ENOMEM. */
int ig_stack_ids_open(struct ig_stack_ids *ids, int fd);
void ig_stack_ids_close(struct ig_stack_ids *ids);
/* Generation of the stack that a record means by a number. */
uint32_t ig_stack_ids_use(struct ig_stack_ids *ids, uint32_t id, int64_t now);
/* Every now and then, when the records at hand have been looked at. also_fd: a map by the same keys, or -1. Returns the places given back. */
uint32_t ig_stack_ids_sweep(struct ig_stack_ids *ids, int also_fd, int64_t now);

#endif
