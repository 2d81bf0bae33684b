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

#endif
