// SPDX-License-Identifier: Apache-2.0
/* A set of inputs: rings, perf buffers, snapshots; and the wait for any of them. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "internal.h"

#define WAKE_TOKEN UINT32_MAX

enum kind { RING, PERF, SNAPSHOT };

struct input {
	enum kind kind;
	union {
		struct ig_ring ring;
		struct ig_perf perf;
		struct ig_snapshot snapshot;
	};
};

struct ig_source {
	int epoll, event;
	bool started; /* written by the opener's thread, read by the drainer's */
	uint32_t count;
	struct input inputs[IG_MAX_INPUTS];
};

struct ig_source *ig_source_new(void)
{
	struct epoll_event wake = { .events = EPOLLIN, .data.u32 = WAKE_TOKEN };
	struct ig_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->epoll = epoll_create1(EPOLL_CLOEXEC);
	source->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (source->epoll < 0 || source->event < 0 ||
	    epoll_ctl(source->epoll, EPOLL_CTL_ADD, source->event, &wake) < 0) {
		ig_source_free(source);
		return NULL;
	}
	return source;
}

void ig_source_free(struct ig_source *source)
{
	if (!source)
		return;
	for (uint32_t i = 0; i < source->count; i++) {
		struct input *input = &source->inputs[i];

		if (input->kind == RING)
			ig_ring_unmap(&input->ring);
		else if (input->kind == PERF)
			ig_perf_close(&input->perf);
		else
			ig_snapshot_close(&input->snapshot);
	}
	if (source->event >= 0)
		close(source->event);
	if (source->epoll >= 0)
		close(source->epoll);
	free(source);
}

/* The next input, which counts once it was set up: source->count++. */
static struct input *next_input(struct ig_source *source, enum kind kind)
{
	struct input *input = &source->inputs[source->count];

	if (source->count == IG_MAX_INPUTS)
		return NULL;
	input->kind = kind;
	return input;
}

/*
 * Edge-triggered: level-triggered epoll reports a ring with anything unread in it, so that a reader would
 * wake for every record (and spin on a busy one); this way the BPF program's watermark decides.
 */
static int watch(struct ig_source *source, int fd)
{
	struct epoll_event ready = { .events = EPOLLIN | EPOLLET, .data.u32 = source->count };

	return epoll_ctl(source->epoll, EPOLL_CTL_ADD, fd, &ready) < 0 ? -errno : 0;
}

int ig_source_add_ring(struct ig_source *source, int map_fd)
{
	struct input *input = next_input(source, RING);
	int error;

	if (!input)
		return -ENOSPC;
	error = ig_ring_map(&input->ring, map_fd);
	if (error)
		return error;
	error = watch(source, input->ring.fd);
	if (error) {
		ig_ring_unmap(&input->ring);
		return error;
	}
	return (int)source->count++;
}

int ig_source_add_perf(struct ig_source *source, int map_fd, uint32_t pages, uint32_t record_size)
{
	struct input *input = next_input(source, PERF);
	int error;

	if (!input)
		return -ENOSPC;
	error = ig_perf_open(&input->perf, map_fd, pages, record_size);
	if (error)
		return error;
	error = watch(source, perf_buffer__epoll_fd(input->perf.buffer));
	if (error) {
		ig_perf_close(&input->perf);
		return error;
	}
	return (int)source->count++;
}

int ig_source_add_iters(struct ig_source *source, const int32_t *links, uint32_t count, uint32_t namespaced,
			uint32_t record_size)
{
	struct input *input = next_input(source, SNAPSHOT);
	int error = input ? ig_snapshot_of_iters(&input->snapshot, links, count, namespaced, record_size) : -ENOSPC;

	return error ? error : (int)source->count++;
}

int ig_source_add_map(struct ig_source *source, int map_fd, uint32_t value_offset, int keep, const struct ig_merge *merges,
		      uint32_t merge_count)
{
	struct input *input = next_input(source, SNAPSHOT);
	int error = input ? ig_snapshot_of_map(&input->snapshot, map_fd, value_offset, keep, merges, merge_count) : -ENOSPC;

	return error ? error : (int)source->count++;
}

int ig_source_add_memory(struct ig_source *source, unsigned long *consumer, const unsigned long *producer,
			 const uint8_t *data, unsigned long size);

/* For tests: a ring that is not the kernel's. It wakes nobody. */
int ig_source_add_memory(struct ig_source *source, unsigned long *consumer, const unsigned long *producer,
			 const uint8_t *data, unsigned long size)
{
	struct input *input = next_input(source, RING);

	if (!input)
		return -ENOSPC;
	ig_ring_of_memory(&input->ring, consumer, producer, data, size);
	return (int)source->count++;
}

static struct input *input_of(struct ig_source *source, int index)
{
	return index >= 0 && (uint32_t)index < source->count ? &source->inputs[index] : NULL;
}

static struct ig_snapshot *snapshot_of(struct ig_source *source, int index)
{
	struct input *input = input_of(source, index);

	return input && input->kind == SNAPSHOT ? &input->snapshot : NULL;
}

int ig_source_schedule(struct ig_source *source, int index, uint32_t interval_ms, uint32_t count, int on_stop)
{
	struct ig_snapshot *snapshot = snapshot_of(source, index);

	if (!snapshot)
		return -EINVAL;
	snapshot->interval = (int64_t)interval_ms * 1000000;
	snapshot->count = count;
	snapshot->on_stop = on_stop;
	return 0;
}

void ig_source_start(struct ig_source *source)
{
	__atomic_store_n(&source->started, true, __ATOMIC_RELEASE);
	ig_source_wake(source);
}

/* The drainer's: the times of snapshots count from when it sees that the source has started. */
static void start_snapshots(struct ig_source *source)
{
	if (!__atomic_load_n(&source->started, __ATOMIC_ACQUIRE))
		return;
	for (uint32_t i = 0; i < source->count; i++) {
		if (source->inputs[i].kind == SNAPSHOT)
			ig_snapshot_start(&source->inputs[i].snapshot);
	}
}

void ig_source_stop(struct ig_source *source)
{
	for (uint32_t i = 0; i < source->count; i++) {
		if (source->inputs[i].kind == SNAPSHOT)
			ig_snapshot_stop(&source->inputs[i].snapshot);
	}
}

int ig_source_over(struct ig_source *source)
{
	start_snapshots(source);
	for (uint32_t i = 0; i < source->count; i++) {
		const struct input *input = &source->inputs[i];

		if (input->kind != SNAPSHOT || !ig_snapshot_over(&input->snapshot))
			return 0;
	}
	return source->count > 0;
}

static int64_t unread(const struct input *input)
{
	const struct ig_pool *pool;

	if (input->kind == RING)
		return (int64_t)(__atomic_load_n(input->ring.producer, __ATOMIC_ACQUIRE) - input->ring.cursor);
	pool = input->kind == PERF ? &input->perf.pool : &input->snapshot.pool;
	return (int64_t)(pool->size - pool->cursor);
}

/* Milliseconds until a snapshot is due, if that is earlier. */
static int earlier(struct ig_source *source, int timeout_ms)
{
	start_snapshots(source);
	for (uint32_t i = 0; i < source->count; i++) {
		if (source->inputs[i].kind == SNAPSHOT) {
			int64_t due = ig_snapshot_due(&source->inputs[i].snapshot);

			if (due < (int64_t)timeout_ms * 1000000)
				timeout_ms = (int)((due + 999999) / 1000000);
		}
	}
	return timeout_ms;
}

int ig_source_wait(struct ig_source *source, int timeout_ms)
{
	struct epoll_event events[8];
	int result = 0, count = epoll_wait(source->epoll, events, 8, earlier(source, timeout_ms));

	if (count < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < count; i++) {
		uint64_t wakes;

		if (events[i].data.u32 != WAKE_TOKEN)
			continue;
		result |= 2;
		if (read(source->event, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN)
			return -errno;
	}
	for (uint32_t i = 0; i < source->count; i++) {
		if (unread(&source->inputs[i])) {
			result |= 1;
			break;
		}
	}
	return result;
}

void ig_source_wake(struct ig_source *source)
{
	uint64_t one = 1;

	/* Only fails when 2^64 - 2 wakes are pending, and then the reader is awake. */
	if (write(source->event, &one, sizeof(one)) < 0)
		return;
}

int64_t ig_source_pending(struct ig_source *source, int index)
{
	const struct input *input = input_of(source, index);

	return input ? unread(input) : -EINVAL;
}

int64_t ig_source_lost(struct ig_source *source, int index)
{
	struct input *input = input_of(source, index);

	if (!input)
		return -EINVAL;
	return input->kind == PERF ? (int64_t)__atomic_load_n(&input->perf.lost, __ATOMIC_RELAXED) : 0;
}

int ig_source_fill(struct ig_source *source, int index, uint8_t *region, uint32_t capacity,
		   const struct ig_batch_spec *spec, uint64_t sequence, uint64_t lost, uint64_t *oversized)
{
	struct input *input = input_of(source, index);

	if (!input)
		return -EINVAL;
	switch (input->kind) {
	case RING:
		return ig_ring_read(&input->ring, region, capacity, spec, sequence, lost, oversized);
	case PERF:
		return ig_perf_fill(&input->perf, region, capacity, spec, sequence, lost);
	default:
		start_snapshots(source);
		return ig_snapshot_fill(&input->snapshot, region, capacity, spec, sequence, lost);
	}
}

int ig_source_commit(struct ig_source *source, int index)
{
	struct input *input = input_of(source, index);

	if (!input)
		return -EINVAL;
	switch (input->kind) {
	case RING:
		if (input->ring.committed != input->ring.cursor)
			ig_ring_publish(&input->ring);
		break;
	case PERF:
		input->perf.pool.committed = input->perf.pool.cursor;
		break;
	default:
		ig_snapshot_commit(&input->snapshot);
	}
	return 0;
}

int ig_source_rewind(struct ig_source *source, int index)
{
	struct input *input = input_of(source, index);

	if (!input)
		return -EINVAL;
	switch (input->kind) {
	case RING:
		input->ring.cursor = input->ring.committed;
		break;
	case PERF:
		input->perf.pool.cursor = input->perf.pool.committed;
		break;
	default:
		input->snapshot.pool.cursor = input->snapshot.pool.committed;
	}
	return 0;
}
