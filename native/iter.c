// SPDX-License-Identifier: Apache-2.0
/* What iterator programs write, as records. */
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "internal.h"

/* The kernel hands out at most 32 KiB at once (bpf_seq_read). */
#define CHUNK (64u << 10)

struct reading {
	int link;
	uint8_t *bytes;
	uint64_t size, capacity;
};

/* Reads one run of an iterator to its end. */
static int read_all(void *context)
{
	struct reading *reading = context;
	int fd = bpf_iter_create(reading->link), error = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t count;

		if (reading->capacity - reading->size < CHUNK) {
			uint64_t more = reading->capacity ? reading->capacity * 2 : 4 * CHUNK;
			uint8_t *grown = realloc(reading->bytes, more);

			if (!grown) {
				error = -ENOMEM;
				break;
			}
			reading->bytes = grown;
			reading->capacity = more;
		}
		count = read(fd, reading->bytes + reading->size, CHUNK);
		if (count > 0)
			reading->size += (uint64_t)count;
		else if (!count)
			break;
		/* EAGAIN: many elements in a row of which the program wrote nothing. */
		else if (errno != EINTR && errno != EAGAIN) {
			error = -errno;
			break;
		}
	}
	close(fd);
	return error;
}

int ig_iter_run(int link)
{
	struct reading reading = { .link = link };
	int error = read_all(&reading);

	free(reading.bytes);
	return error;
}

int ig_iter_take(const int *links, uint32_t count, uint32_t namespaced, uint32_t record_size, struct ig_pool *pool)
{
	struct reading reading = {};
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++) {
		reading.link = links[i];
		error = namespaced >> i & 1 ? ig_netns_each(read_all, &reading) : read_all(&reading);
	}
	if (!error && reading.size % record_size)
		error = -EPROTO;
	for (uint64_t at = 0; at < reading.size && !error; at += record_size) {
		uint8_t *payload;

		error = ig_pool_add(pool, record_size, &payload);
		if (!error)
			memcpy(payload, reading.bytes + at, record_size);
	}
	free(reading.bytes);
	return error;
}
