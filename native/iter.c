// SPDX-License-Identifier: Apache-2.0
/* What iterator programs write, as records. */
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "internal.h"

/* The kernel hands out at most 32 KiB at once (bpf_seq_read). */
#define CHUNK (64u << 10)

/* Reads one run of an iterator to its end. */
static int read_all(int link, uint8_t **bytes, uint64_t *size, uint64_t *capacity)
{
	int fd = bpf_iter_create(link), error = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t count;

		if (*capacity - *size < CHUNK) {
			uint64_t more = *capacity ? *capacity * 2 : 4 * CHUNK;
			uint8_t *grown = realloc(*bytes, more);

			if (!grown) {
				error = -ENOMEM;
				break;
			}
			*bytes = grown;
			*capacity = more;
		}
		count = read(fd, *bytes + *size, CHUNK);
		if (count > 0)
			*size += (uint64_t)count;
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
	uint64_t size = 0, capacity = 0;
	uint8_t *bytes = NULL;
	int error = read_all(link, &bytes, &size, &capacity);

	free(bytes);
	return error;
}

int ig_iter_take(const int *links, uint32_t count, uint32_t record_size, struct ig_pool *pool)
{
	uint64_t size = 0, capacity = 0;
	uint8_t *bytes = NULL;
	int error = 0;

	for (uint32_t i = 0; i < count && !error; i++)
		error = read_all(links[i], &bytes, &size, &capacity);
	if (!error && size % record_size)
		error = -EPROTO;
	for (uint64_t at = 0; at < size && !error; at += record_size) {
		uint8_t *payload;

		error = ig_pool_add(pool, record_size, &payload);
		if (!error)
			memcpy(payload, bytes + at, record_size);
	}
	free(bytes);
	return error;
}
