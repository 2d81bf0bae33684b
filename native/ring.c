// SPDX-License-Identifier: Apache-2.0
/*
 * One BPF ring buffer, mapped: the consumer's page, which we write, then the producer's page and the data, which
 * is mapped twice in a row, so that a record that wraps around is contiguous for us.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "internal.h"

int ig_ring_map(struct ig_ring *ring, int map_fd)
{
	struct bpf_map_info info = {};
	uint32_t info_size = sizeof(info);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *producer;
	int fd, error;

	error = bpf_map_get_info_by_fd(map_fd, &info, &info_size);
	if (error)
		return error < 0 ? error : -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	if (info.map_flags & BPF_F_RB_OVERWRITE) /* its producer overtakes the consumer; read differently */
		return -EOPNOTSUPP;
	fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED) {
		error = -errno;
		close(fd);
		return error;
	}
	producer = mmap(NULL, page + 2 * (size_t)info.max_entries, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		error = -errno;
		munmap(consumer, page);
		close(fd);
		return error;
	}
	ig_ring_of_memory(ring, consumer, producer, (const uint8_t *)producer + page, info.max_entries);
	ring->page = page;
	ring->fd = fd;
	return 0;
}

void ig_ring_of_memory(struct ig_ring *ring, unsigned long *consumer, const unsigned long *producer,
		       const uint8_t *data, unsigned long size)
{
	unsigned long position = __atomic_load_n(consumer, __ATOMIC_ACQUIRE);

	*ring = (struct ig_ring){
		.consumer = consumer,
		.producer = producer,
		.data = data,
		.mask = size - 1,
		.cursor = position,
		.committed = position,
		.fd = -1,
	};
}

void ig_ring_unmap(struct ig_ring *ring)
{
	if (!ring->page)
		return;
	munmap(ring->consumer, ring->page);
	munmap((void *)ring->producer, ring->page + 2 * (ring->mask + 1));
	close(ring->fd);
	ring->page = 0;
}

void ig_ring_publish(struct ig_ring *ring)
{
	ring->committed = ring->cursor;
	__atomic_store_n(ring->consumer, ring->cursor, __ATOMIC_RELEASE);
}
