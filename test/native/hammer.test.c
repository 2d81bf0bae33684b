// SPDX-License-Identifier: Apache-2.0
/*
 * A producer on another thread, doing what the kernel does: reserve (busy), write, submit or discard, now and then out of
 * order. Every record arrives once, whole and in order, whatever the drains, commits and rewinds.
 */
#include <pthread.h>
#include <sched.h>
#include "check.h"

#define SIZE 4096ul
#define RECORDS 300000u
#define REGION 8192u

static struct fake_ring ring;

static void publish(unsigned long at, uint32_t header)
{
	/* The mirror first: a reader that sees either sees the whole record. */
	__atomic_store_n((uint32_t *)(ring.data + ring.size + (at & (ring.size - 1))), header, __ATOMIC_RELEASE);
	__atomic_store_n((uint32_t *)(ring.data + (at & (ring.size - 1))), header, __ATOMIC_RELEASE);
}

static void *produce(void *unused)
{
	uint32_t state = 1;

	for (uint32_t number = 0; number < RECORDS;) {
		unsigned long at = __atomic_load_n(&ring.producer, __ATOMIC_RELAXED);
		uint32_t length, payload[16];
		bool discard;

		state = state * 1103515245 + 12345;
		length = (state >> 16) % 4 ? 32 : 4 + (state >> 20) % 60;
		discard = (state >> 12) % 8 == 0;
		while (at + 8 + ig_round8(length) - __atomic_load_n(&ring.consumer, __ATOMIC_ACQUIRE) > ring.size)
			sched_yield();
		publish(at, length | BUSY);
		__atomic_store_n(&ring.producer, at + 8 + ig_round8(length), __ATOMIC_RELEASE);
		for (uint32_t i = 0; i < 16; i++)
			payload[i] = number;
		fake_ring_put(&ring, at + 8, payload, length);
		publish(at, length | (discard ? DISCARDED : 0));
		number += !discard;
	}
	return unused;
}

int main(void)
{
	struct ig_batch_spec spec = spec_of(32, 64, REGION);
	struct ig_source *source = ig_source_new();
	uint8_t *region = malloc(REGION);
	uint32_t expected = 0, rounds = 0;
	uint64_t oversized = 0;
	pthread_t producer;

	fake_ring_make(&ring, SIZE, 0);
	memset(ring.data, 0, 2 * SIZE);
	ig_source_add_memory(source, &ring.consumer, &ring.producer, ring.data, SIZE);
	CHECK_EQUAL(pthread_create(&producer, NULL, produce, NULL), 0);
	while (expected < RECORDS) {
		int rows = ig_source_fill(source, 0, region, REGION, &spec, rounds, 0, &oversized);

		CHECK(rows >= 0);
		if (++rounds % 7 == 0 && rows) {
			ig_source_rewind(source, 0);
			continue;
		}
		for (uint32_t row = 0; row < (uint32_t)rows; row++) {
			const uint8_t *payload = row_of(region, row);
			uint32_t length = ig_load32(payload - 8);

			for (uint32_t i = 0; i + 4 <= length; i += 4)
				CHECK_EQUAL(ig_load32(payload + i), expected);
			expected++;
		}
		ig_source_commit(source, 0);
		if (!rows)
			sched_yield();
	}
	pthread_join(producer, NULL);
	CHECK_EQUAL(oversized, 0);
	printf("  ok %u records in %u drains\n", expected, rounds);
	ig_source_free(source);
	free(ring.data);
	free(region);
	return 0;
}
