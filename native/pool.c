// SPDX-License-Identifier: Apache-2.0
/* Records in memory of our own, as a ring would hold them: what was collected from where records do not lie in a row already. */
#include <stdlib.h>
#include "internal.h"

/* Of one snapshot: a map that has more is a mistake, and this a limit for it. */
#define MOST (1ull << 30)

static int reserve(struct ig_pool *pool, uint64_t size)
{
	uint64_t capacity = pool->capacity ? pool->capacity : 64 << 10;
	uint8_t *data;

	while (capacity - pool->size < size)
		capacity *= 2;
	if (capacity == pool->capacity)
		return 0;
	if (capacity > MOST)
		return -E2BIG;
	data = realloc(pool->data, capacity);
	if (!data)
		return -ENOMEM;
	pool->data = data;
	pool->capacity = capacity;
	return 0;
}

int ig_pool_add(struct ig_pool *pool, uint32_t length, uint8_t **payload)
{
	const uint64_t room = ig_round8(length);
	int error = reserve(pool, IG_RECORD_HEADER + room);
	uint8_t *record;

	if (error)
		return error;
	record = pool->data + pool->size;
	ig_store32(record, length);
	ig_store32(record + 4, 0);
	if (room)
		memset(record + IG_RECORD_HEADER + room - 8, 0, 8); /* the padding is in the last word */
	pool->size += IG_RECORD_HEADER + room;
	*payload = record + IG_RECORD_HEADER;
	return 0;
}

void ig_pool_clear(struct ig_pool *pool)
{
	pool->size = pool->cursor = pool->committed = 0;
}

void ig_pool_free(struct ig_pool *pool)
{
	free(pool->data);
	*pool = (struct ig_pool){};
}

int ig_pool_fill(struct ig_pool *pool, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost)
{
	uint64_t consumed;
	int rows = ig_records_fill(pool->data + pool->cursor, pool->size - pool->cursor, &consumed, region, capacity,
				   spec, sequence, lost);

	if (rows >= 0)
		pool->cursor += consumed;
	return rows;
}
