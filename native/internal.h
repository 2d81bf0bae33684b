/* SPDX-License-Identifier: Apache-2.0 */
/* What the C files share; nothing here is exported. */
#ifndef IG_INTERNAL_H
#define IG_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "ig.h"

/* One mapped ring. Positions only grow; a position masked is an offset in data, which is mapped twice in a row. */
struct ig_ring {
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
	unsigned long mask;
	unsigned long cursor;    /* the next record to read */
	unsigned long committed; /* what the kernel was told; our own copy of *consumer */
	size_t page;             /* of the mappings; 0: memory of a test */
	int fd;
};

int ig_ring_map(struct ig_ring *ring, int map_fd);
void ig_ring_unmap(struct ig_ring *ring);
/* data: 2 * size bytes, the second half a mirror of the first. */
void ig_ring_of_memory(struct ig_ring *ring, unsigned long *consumer, const unsigned long *producer,
		       const uint8_t *data, unsigned long size);
int ig_ring_read(struct ig_ring *ring, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost, uint64_t *oversized);
void ig_ring_publish(struct ig_ring *ring);

/* Records that were collected; the fields are as a ring's. */
struct ig_pool {
	uint8_t *data;
	uint64_t capacity, size, cursor, committed;
};

/* Room for another record of so many bytes, which the caller fills; its padding is zero. 0, -ENOMEM, -E2BIG. */
int ig_pool_add(struct ig_pool *pool, uint32_t length, uint8_t **payload);
void ig_pool_clear(struct ig_pool *pool);
void ig_pool_free(struct ig_pool *pool);
int ig_pool_fill(struct ig_pool *pool, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost);

struct perf_buffer;

struct ig_perf {
	struct perf_buffer *buffer;
	uint32_t record_size;
	struct ig_pool pool;
	uint64_t lost; /* read by other threads */
};

/* The struct must not move afterwards. */
int ig_perf_open(struct ig_perf *perf, int map_fd, uint32_t pages, uint32_t record_size);
void ig_perf_close(struct ig_perf *perf);
int ig_perf_fill(struct ig_perf *perf, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost);

struct ig_hash {
	int fd;
	bool keep;   /* read without deleting */
	bool singly; /* this kernel has no batches for it */
	uint32_t key_size, value_size, value_offset, max_entries;
	uint32_t value_room, cpus; /* what the kernel writes per value: value_room for each CPU */
	struct ig_merge *merges;
	uint32_t merge_count;
};

int ig_hash_open(struct ig_hash *map, int fd, uint32_t value_offset, bool keep, const struct ig_merge *merges,
		uint32_t merge_count);
void ig_hash_free(struct ig_hash *map);
/* Adds a record for each entry; takes the entries out of the map, unless it keeps them. */
int ig_hash_take(struct ig_hash *map, struct ig_pool *pool);

/* Runs each iterator once, and adds a record for each record_size bytes that they wrote. */
/* namespaced: bit i when links[i] shows what is in the thread's network namespace, and is to be run in all. */
int ig_iter_take(const int *links, uint32_t count, uint32_t namespaced, uint32_t record_size, struct ig_pool *pool);

/* Calls visit in each network namespace of this machine, beginning with the thread's own, to which it comes back. */
int ig_netns_each(int (*visit)(void *context), void *context);

struct ig_snapshot {
	bool is_map, on_stop;
	int64_t interval; /* ns; 0: none */
	uint32_t count;   /* how often; 0: without end */

	bool started, stopped;
	bool open;     /* a snapshot is in the pool that was not committed to its end */
	int64_t next;  /* when it is due, by the monotonic clock */
	uint32_t left; /* of count */
	int fds[IG_MAX_ITERS];
	uint32_t fd_count, namespaced, record_size;
	struct ig_hash map;
	struct ig_pool pool;
};

int ig_snapshot_of_iters(struct ig_snapshot *snapshot, const int32_t *links, uint32_t count, uint32_t namespaced,
			 uint32_t record_size);
int ig_snapshot_of_map(struct ig_snapshot *snapshot, int map_fd, uint32_t value_offset, bool keep,
		       const struct ig_merge *merges, uint32_t merge_count);
void ig_snapshot_close(struct ig_snapshot *snapshot);
void ig_snapshot_start(struct ig_snapshot *snapshot);
void ig_snapshot_stop(struct ig_snapshot *snapshot);
bool ig_snapshot_over(const struct ig_snapshot *snapshot);
/* ns until there is something to fill; INT64_MAX: never. */
int64_t ig_snapshot_due(const struct ig_snapshot *snapshot);
int ig_snapshot_fill(struct ig_snapshot *snapshot, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		     uint64_t sequence, uint64_t lost);
void ig_snapshot_commit(struct ig_snapshot *snapshot);

/* Where the parts of a batch lie that are the same for every batch of so many columns and rows. */
struct ig_layout {
	uint32_t columns, selection, row_offsets, rows;
};

/* Returns false when the fixed parts alone need more than capacity. */
bool ig_layout_make(struct ig_layout *layout, uint32_t capacity, uint32_t column_count, uint32_t max_rows);

/*
 * Copies the header to *batch and checks everything in it: afterwards the row area (rows as long as fixed_size when
 * the stride is not 0), row_offsets, selection, columns and the heap are inside the region.
 */
int ig_header_read(const uint8_t *region, uint32_t capacity, uint32_t fixed_size, struct ig_batch *batch,
		   uint32_t *where);
/* Copies the selection to picked and checks it: count entries below rows, none twice. */
int ig_selection_read(const uint8_t *selection, uint32_t count, uint32_t rows, uint32_t *picked);

/* What the host gave us: the counts are in range, the ranges inside of a row. */
bool ig_projection_valid(const struct ig_projection *projection);

/* Bytes for column data in the region that is written, from its heap on. */
struct ig_heap {
	uint8_t *region;
	uint64_t next, end;
};

/* Which value goes where: value i of the copy is from[i] of the original and lands at to[i]; NULL: at i. */
struct ig_mapping {
	const uint32_t *from, *to;
	uint32_t count;
	uint32_t from_rows, to_rows;
};

/* Copies one column; *copy describes it in the region of heap. 0, -EPROTO or -ENOSPC. */
int ig_column_copy(struct ig_heap *heap, const uint8_t *region, uint32_t capacity, const struct ig_column *column,
		   uint32_t width, const struct ig_mapping *map, struct ig_column *copy);

static inline uint32_t ig_load32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void ig_store32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline uint64_t ig_round8(uint64_t size)
{
	return (size + 7) & ~7ull;
}

static inline uint64_t ig_round16(uint64_t size)
{
	return (size + 15) & ~15ull;
}

/* Is [offset, offset + size) inside of capacity? No sum of hostile values wraps in 64 bits. */
static inline bool ig_inside(uint64_t offset, uint64_t size, uint64_t capacity)
{
	return offset <= capacity && size <= capacity - offset;
}

static inline bool ig_bit(const uint8_t *bitmap, uint32_t index)
{
	return bitmap[index / 8] >> (index % 8) & 1;
}

static inline int ig_protocol_error(uint32_t *where, uint32_t place)
{
	*where = place;
	return -EPROTO;
}

#define IG_WHERE(member) ((uint32_t)offsetof(struct ig_batch, member))
#define IG_WHERE_COLUMN(slot) (1000 + (slot))

/* Before objects are opened: lets programs be changed just before they are loaded. */
void ig_splice_init(void);

/* The name of the programs and maps of ig_dispatcher_load. */
#define IG_DISPATCHER "ig_dispatch"

#endif
