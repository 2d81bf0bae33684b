// SPDX-License-Identifier: Apache-2.0
/* What is read as a whole, when it is time: the runs of iterators, the entries of a map. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "internal.h"

#define NEVER INT64_MAX

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void ig_snapshot_close(struct ig_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->fd_count; i++)
		close(snapshot->fds[i]);
	snapshot->fd_count = 0;
	ig_hash_free(&snapshot->map);
	ig_pool_free(&snapshot->pool);
}

/* The snapshot keeps descriptors of its own. */
static int adopt(struct ig_snapshot *snapshot, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return -errno;
	snapshot->fds[snapshot->fd_count++] = own;
	return 0;
}

int ig_snapshot_of_iters(struct ig_snapshot *snapshot, const int32_t *links, uint32_t count, uint32_t namespaced,
			 uint32_t record_size)
{
	int error = 0;

	*snapshot = (struct ig_snapshot){ .record_size = record_size, .namespaced = namespaced, .next = NEVER };
	if (!count || count > IG_MAX_ITERS || !record_size)
		return -EINVAL;
	for (uint32_t i = 0; i < count && !error; i++)
		error = adopt(snapshot, links[i]);
	if (error)
		ig_snapshot_close(snapshot);
	return error;
}

int ig_snapshot_of_map(struct ig_snapshot *snapshot, int map_fd, uint32_t value_offset, bool keep,
		       const struct ig_merge *merges, uint32_t merge_count)
{
	int error;

	*snapshot = (struct ig_snapshot){ .is_map = true, .next = NEVER };
	error = adopt(snapshot, map_fd);
	if (!error)
		error = ig_hash_open(&snapshot->map, snapshot->fds[0], value_offset, keep, merges, merge_count);
	if (error)
		ig_snapshot_close(snapshot);
	return error;
}

void ig_snapshot_start(struct ig_snapshot *snapshot)
{
	if (snapshot->started)
		return;
	snapshot->started = true;
	/* A run may be over before it has begun: what is taken then was decided by the stop. */
	if (snapshot->stopped)
		return;
	snapshot->left = snapshot->count;
	/* Maps fill up first; what iterators show is there already. Without an interval there is only one time. */
	if (snapshot->interval)
		snapshot->next = now() + (snapshot->is_map ? snapshot->interval : 0);
	else if (snapshot->count)
		snapshot->next = now();
}

void ig_snapshot_stop(struct ig_snapshot *snapshot)
{
	if (snapshot->stopped)
		return;
	snapshot->stopped = true;
	snapshot->left = 1;
	snapshot->next = snapshot->on_stop ? now() : NEVER;
}

bool ig_snapshot_over(const struct ig_snapshot *snapshot)
{
	return snapshot->started && !snapshot->open && snapshot->next == NEVER && (snapshot->stopped || !snapshot->on_stop);
}

int64_t ig_snapshot_due(const struct ig_snapshot *snapshot)
{
	int64_t wait;

	if (snapshot->open)
		return 0;
	if (snapshot->next == NEVER)
		return NEVER;
	wait = snapshot->next - now();
	return wait > 0 ? wait : 0;
}

static int take(struct ig_snapshot *snapshot)
{
	const int64_t began = now();
	int error;

	if (snapshot->left && !--snapshot->left) {
		snapshot->next = NEVER;
	} else {
		/* Intervals that were missed are left out. */
		snapshot->next += snapshot->interval;
		if (snapshot->next <= began)
			snapshot->next = began + snapshot->interval;
	}
	ig_pool_clear(&snapshot->pool);
	error = snapshot->is_map ? ig_hash_take(&snapshot->map, &snapshot->pool)
				 : ig_iter_take(snapshot->fds, snapshot->fd_count, snapshot->namespaced,
						snapshot->record_size, &snapshot->pool);
	snapshot->open = !error;
	return error;
}

int ig_snapshot_fill(struct ig_snapshot *snapshot, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		     uint64_t sequence, uint64_t lost)
{
	struct ig_pool *pool = &snapshot->pool;
	const bool first = !snapshot->open || !pool->cursor;
	uint32_t flags = spec->flags | (first ? 0 : IG_BATCH_CONTINUED);
	int rows;

	if (!snapshot->open) {
		int error = ig_snapshot_due(snapshot) ? -EAGAIN : take(snapshot);

		if (error)
			return error;
	} else if (pool->cursor == pool->size && pool->size) {
		return -EAGAIN;
	}
	rows = ig_pool_fill(pool, region, capacity, spec, sequence, lost);
	if (rows < 0)
		return rows;
	if (pool->cursor < pool->size)
		flags |= IG_BATCH_MORE;
	ig_store32(region + IG_WHERE(flags), flags);
	return rows;
}

void ig_snapshot_commit(struct ig_snapshot *snapshot)
{
	struct ig_pool *pool = &snapshot->pool;

	pool->committed = pool->cursor;
	if (pool->committed == pool->size)
		snapshot->open = false;
}
