// SPDX-License-Identifier: Apache-2.0
/* A set of rings, and the wait for any of them. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "internal.h"

#define WAKE_TOKEN UINT32_MAX

struct ig_source {
	int epoll, event;
	uint32_t ring_count;
	struct ig_ring rings[IG_MAX_RINGS];
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
	for (uint32_t i = 0; i < source->ring_count; i++)
		ig_ring_unmap(&source->rings[i]);
	if (source->event >= 0)
		close(source->event);
	if (source->epoll >= 0)
		close(source->epoll);
	free(source);
}

int ig_source_add_ring(struct ig_source *source, int map_fd)
{
	/*
	 * Edge-triggered: level-triggered epoll reports a ring with anything unread in it, so that a reader would
	 * wake for every record (and spin on a busy one); this way the BPF program's watermark decides.
	 */
	struct epoll_event ready = { .events = EPOLLIN | EPOLLET, .data.u32 = source->ring_count };
	struct ig_ring *ring = &source->rings[source->ring_count];
	int error;

	if (source->ring_count == IG_MAX_RINGS)
		return -ENOSPC;
	error = ig_ring_map(ring, map_fd);
	if (error)
		return error;
	if (epoll_ctl(source->epoll, EPOLL_CTL_ADD, ring->fd, &ready) < 0) {
		error = -errno;
		ig_ring_unmap(ring);
		return error;
	}
	return (int)source->ring_count++;
}

int ig_source_add_memory(struct ig_source *source, unsigned long *consumer, const unsigned long *producer,
			 const uint8_t *data, unsigned long size);

/* For tests: a ring that is not the kernel's. It wakes nobody. */
int ig_source_add_memory(struct ig_source *source, unsigned long *consumer, const unsigned long *producer,
			 const uint8_t *data, unsigned long size)
{
	if (source->ring_count == IG_MAX_RINGS)
		return -ENOSPC;
	ig_ring_of_memory(&source->rings[source->ring_count], consumer, producer, data, size);
	return (int)source->ring_count++;
}

static struct ig_ring *ring_of(struct ig_source *source, int ring)
{
	return ring >= 0 && (uint32_t)ring < source->ring_count ? &source->rings[ring] : NULL;
}

static unsigned long unread(const struct ig_ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - ring->cursor;
}

int ig_source_wait(struct ig_source *source, int timeout_ms)
{
	struct epoll_event events[8];
	int result = 0, count = epoll_wait(source->epoll, events, 8, timeout_ms);

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
	for (uint32_t i = 0; i < source->ring_count; i++) {
		if (unread(&source->rings[i])) {
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
	const struct ig_ring *ring = ring_of(source, index);

	return ring ? (int64_t)unread(ring) : -EINVAL;
}

int ig_ring_fill(struct ig_source *source, int index, uint8_t *region, uint32_t capacity,
		 const struct ig_batch_spec *spec, uint64_t sequence, uint64_t lost, uint64_t *oversized)
{
	struct ig_ring *ring = ring_of(source, index);

	return ring ? ig_ring_read(ring, region, capacity, spec, sequence, lost, oversized) : -EINVAL;
}

int ig_ring_commit(struct ig_source *source, int index)
{
	struct ig_ring *ring = ring_of(source, index);

	if (!ring)
		return -EINVAL;
	if (ring->committed != ring->cursor)
		ig_ring_publish(ring);
	return 0;
}

int ig_ring_rewind(struct ig_source *source, int index)
{
	struct ig_ring *ring = ring_of(source, index);

	if (!ring)
		return -EINVAL;
	ring->cursor = ring->committed;
	return 0;
}
