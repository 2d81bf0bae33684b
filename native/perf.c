// SPDX-License-Identifier: Apache-2.0
/* A perf buffer per CPU, through libbpf; its records are copied to memory of ours. */
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include "internal.h"

/* Like a ring's reader, ours is not woken for each record: it polls. */
#define WAKE_EVERY 64

static void take_record(void *context, int cpu, void *data, uint32_t size)
{
	struct ig_perf *perf = context;
	uint8_t *payload;

	(void)cpu;
	/* The kernel pads a record so that it ends at a multiple of 8, and says the padding is part of it. */
	if (size > perf->record_size && size - perf->record_size < 8)
		size = perf->record_size;
	if (ig_pool_add(&perf->pool, size, &payload))
		__atomic_fetch_add(&perf->lost, 1, __ATOMIC_RELAXED);
	else
		memcpy(payload, data, size);
}

static void count_lost(void *context, int cpu, unsigned long long count)
{
	struct ig_perf *perf = context;

	(void)cpu;
	__atomic_fetch_add(&perf->lost, count, __ATOMIC_RELAXED);
}

int ig_perf_open(struct ig_perf *perf, int map_fd, uint32_t pages, uint32_t record_size)
{
	LIBBPF_OPTS(perf_buffer_opts, options, .sample_period = WAKE_EVERY);

	*perf = (struct ig_perf){ .record_size = record_size };
	perf->buffer = perf_buffer__new(map_fd, pages, take_record, count_lost, perf, &options);
	return perf->buffer ? 0 : -errno;
}

void ig_perf_close(struct ig_perf *perf)
{
	perf_buffer__free(perf->buffer);
	ig_pool_free(&perf->pool);
	perf->buffer = NULL;
}

int ig_perf_fill(struct ig_perf *perf, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost)
{
	struct ig_pool *pool = &perf->pool;
	int error;

	if (pool->cursor == pool->size) {
		/* Not while a batch may still be wanted again. */
		if (pool->committed == pool->size)
			ig_pool_clear(pool);
		error = perf_buffer__consume(perf->buffer);
		if (error < 0)
			return error;
		if (pool->cursor == pool->size)
			return 0;
	}
	return ig_pool_fill(pool, region, capacity, spec, sequence, lost);
}
