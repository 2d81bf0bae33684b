/* SPDX-License-Identifier: Apache-2.0 */
/* The little that a C test needs. A failed check ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define CHECK(condition)                                                                  \
	do {                                                                              \
		if (!(condition)) {                                                       \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);   \
			exit(1);                                                          \
		}                                                                         \
	} while (0)

#define CHECK_EQUAL(actual, expected)                                                                                  \
	do {                                                                                                           \
		long long a_ = (long long)(actual), e_ = (long long)(expected);                                        \
		if (a_ != e_) {                                                                                        \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, a_, e_);         \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

#define TEST(name)                                  \
	do {                                        \
		name();                             \
		printf("  ok %s\n", #name);         \
	} while (0)

int ig_source_add_memory(struct ig_source *source, unsigned long *consumer, const unsigned long *producer,
			 const uint8_t *data, unsigned long size);

#define BUSY (1u << 31)
#define DISCARDED (1u << 30)

/* A ring as the kernel keeps it, in memory that the sanitizer watches to the byte. */
struct fake_ring {
	unsigned long consumer, producer, size;
	uint8_t *data; /* twice size */
};

static inline void fake_ring_make(struct fake_ring *ring, unsigned long size, unsigned long start)
{
	*ring = (struct fake_ring){ .consumer = start, .producer = start, .size = size };
	ring->data = malloc(2 * size);
	memset(ring->data, 0xee, 2 * size);
}

static inline void fake_ring_put(struct fake_ring *ring, unsigned long at, const void *bytes, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++) {
		unsigned long place = (at + i) & (ring->size - 1);

		ring->data[place] = ring->data[place + ring->size] = ((const uint8_t *)bytes)[i];
	}
}

/* Returns where the record starts; payload bytes are fill, fill + 1 … */
static inline unsigned long fake_ring_submit(struct fake_ring *ring, uint32_t length, uint32_t bits, uint8_t fill)
{
	const uint32_t header[2] = { length | bits, 0 };
	unsigned long at = ring->producer;

	CHECK(ring->producer - ring->consumer + 8 + ig_round8(length) <= ring->size);
	fake_ring_put(ring, at, header, 8);
	for (uint32_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)(fill + i);

		fake_ring_put(ring, at + 8 + i, &byte, 1);
	}
	ring->producer = at + 8 + ig_round8(length);
	return at;
}

static inline struct ig_batch_spec spec_of(uint32_t record_size, uint32_t max_rows, uint32_t max_bytes)
{
	return (struct ig_batch_spec){ .data_source = 3,
				       .record_size = record_size,
				       .fixed_size = record_size,
				       .max_rows = max_rows,
				       .max_bytes = max_bytes };
}

static inline struct ig_batch header_of(const uint8_t *region)
{
	struct ig_batch batch;

	memcpy(&batch, region, sizeof(batch));
	return batch;
}

static inline const uint8_t *row_of(const uint8_t *region, uint32_t row)
{
	struct ig_batch batch = header_of(region);

	return region + (batch.stride ? batch.rows + row * batch.stride : ig_load32(region + batch.row_offsets + 4 * row));
}

#endif
