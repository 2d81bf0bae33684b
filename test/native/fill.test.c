// SPDX-License-Identifier: Apache-2.0
/* Draining: every way in which a ring and a region can meet. */
#include "check.h"

#define REGION 4096u

static struct fake_ring ring;
static struct ig_source *source;
static uint8_t *region;

static void begin(unsigned long size, unsigned long start)
{
	fake_ring_make(&ring, size, start);
	source = ig_source_new();
	CHECK_EQUAL(ig_source_add_memory(source, &ring.consumer, &ring.producer, ring.data, size), 0);
	region = malloc(REGION);
	memset(region, 0xaa, REGION);
}

static void end(void)
{
	ig_source_free(source);
	free(ring.data);
	free(region);
}

static int fill(const struct ig_batch_spec *spec)
{
	uint64_t oversized = 0;
	int rows = ig_source_fill(source, 0, region, REGION, spec, 7, 2, &oversized);

	CHECK_EQUAL(oversized, 0);
	return rows;
}

static void an_empty_ring_gives_no_rows(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);

	begin(256, 0);
	CHECK_EQUAL(fill(&spec), 0);
	CHECK_EQUAL(ig_source_pending(source, 0), 0);
	CHECK_EQUAL(ig_source_wait(source, 0), 0);
	end();
}

static void a_batch_is_laid_out_as_the_abi_says(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	struct ig_batch batch;

	begin(256, 0);
	spec.column_count = 3;
	spec.fields[2] = 42;
	spec.flags = IG_BATCH_ARRAY;
	spec.boot_offset = -5;
	spec.mono_offset = 6;
	fake_ring_submit(&ring, 16, 0, 10);
	fake_ring_submit(&ring, 16, 0, 50);
	CHECK_EQUAL(ig_source_wait(source, 0), 1);
	CHECK_EQUAL(fill(&spec), 2);
	batch = header_of(region);
	CHECK_EQUAL(batch.magic, IG_BATCH_MAGIC);
	CHECK_EQUAL(batch.version, 1);
	CHECK_EQUAL(batch.header_size, 128);
	CHECK_EQUAL(batch.data_source, 3);
	CHECK_EQUAL(batch.flags, IG_BATCH_ARRAY);
	CHECK_EQUAL(batch.capacity, REGION);
	CHECK_EQUAL(batch.row_count, 2);
	CHECK_EQUAL(batch.stride, 24);
	CHECK_EQUAL(batch.rows % 8, 0);
	CHECK_EQUAL(batch.rows_size, 24 + 16);
	CHECK_EQUAL(batch.row_offsets, 0);
	CHECK_EQUAL(batch.selected, 2);
	CHECK_EQUAL(ig_load32(region + batch.selection), 0);
	CHECK_EQUAL(ig_load32(region + batch.selection + 4), 1);
	CHECK_EQUAL(batch.column_count, 3);
	CHECK_EQUAL(ig_load32(region + batch.columns + 64), 42);
	CHECK_EQUAL(ig_load32(region + batch.columns + 68), 0);
	CHECK_EQUAL(batch.heap % 8, 0);
	CHECK(batch.heap >= batch.rows + batch.rows_size);
	CHECK_EQUAL(batch.heap_used, 0);
	CHECK_EQUAL(batch.sequence, 7);
	CHECK_EQUAL(batch.lost, 2);
	CHECK_EQUAL(batch.boot_offset, -5);
	CHECK_EQUAL(batch.mono_offset, 6);
	CHECK(batch.drained_at > 1700000000000000000ull);
	CHECK_EQUAL(ig_load32(row_of(region, 1) - 8), 16);
	CHECK_EQUAL(row_of(region, 0)[0], 10);
	CHECK_EQUAL(row_of(region, 1)[15], 65);
	end();
}

static void records_wrap_around(void)
{
	struct ig_batch_spec spec = spec_of(40, 8, REGION);

	begin(256, (1ul << 40) + 232); /* 24 bytes before the end of the data */
	fake_ring_submit(&ring, 40, 0, 1);
	fake_ring_submit(&ring, 40, 0, 101);
	CHECK_EQUAL(fill(&spec), 2);
	for (uint32_t i = 0; i < 40; i++) {
		CHECK_EQUAL(row_of(region, 0)[i], 1 + i);
		CHECK_EQUAL(row_of(region, 1)[i], 101 + i);
	}
	end();
}

/* The positions are unsigned longs that wrap as well. */
static void positions_wrap_around(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);

	begin(256, -24ul);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 16, 0, 2);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(ig_source_commit(source, 0), 0);
	CHECK_EQUAL(ring.consumer, ring.producer);
	end();
}

static void a_busy_record_ends_the_batch(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	const uint32_t done = 16;
	unsigned long busy;

	begin(256, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	busy = fake_ring_submit(&ring, 16, BUSY, 2);
	fake_ring_submit(&ring, 16, 0, 3);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(fill(&spec), 0);
	CHECK_EQUAL(ig_source_pending(source, 0), 48);
	fake_ring_put(&ring, busy, &done, 4);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(row_of(region, 0)[0], 2);
	end();
}

static void discarded_records_are_skipped(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);

	begin(512, 0);
	fake_ring_submit(&ring, 100, DISCARDED, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 3, DISCARDED, 0);
	fake_ring_submit(&ring, 16, 0, 2);
	fake_ring_submit(&ring, 0, DISCARDED, 0);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(row_of(region, 1)[0], 2);
	CHECK_EQUAL(ring.consumer, 0);
	ig_source_commit(source, 0);
	CHECK_EQUAL(ring.consumer, ring.producer);
	end();
}

/* A gadget whose filter discards everything must not fill its ring. */
static void discarded_records_alone_are_committed(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);

	begin(256, 0);
	fake_ring_submit(&ring, 16, DISCARDED, 0);
	fake_ring_submit(&ring, 16, DISCARDED, 0);
	CHECK_EQUAL(fill(&spec), 0);
	CHECK_EQUAL(ring.consumer, ring.producer);
	end();
}

/* But not past a batch that is still in flight. */
static void discarded_records_after_a_batch_wait_for_its_commit(void)
{
	struct ig_batch_spec spec = spec_of(16, 1, REGION);

	begin(256, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 16, DISCARDED, 0);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(fill(&spec), 0);
	CHECK_EQUAL(ring.consumer, 0);
	ig_source_rewind(source, 0);
	CHECK_EQUAL(fill(&spec), 1);
	end();
}

static void a_full_batch_leaves_the_rest(void)
{
	struct ig_batch_spec by_rows = spec_of(16, 3, REGION), by_bytes = spec_of(16, 100, 24 * 5 + 23);

	begin(1024, 0);
	for (uint8_t i = 0; i < 20; i++)
		fake_ring_submit(&ring, 16, 0, i);
	CHECK_EQUAL(fill(&by_rows), 3);
	CHECK_EQUAL(fill(&by_bytes), 5);
	CHECK_EQUAL(row_of(region, 0)[0], 3);
	CHECK_EQUAL(ig_source_pending(source, 0), 12 * 24);
	end();
}

/* The region's last byte is the heap's end, and nothing is written behind it (the sanitizer watches). */
static void rows_may_fill_the_region_to_its_end(void)
{
	struct ig_batch_spec spec = spec_of(8, 8, UINT32_MAX);
	uint64_t oversized = 0;
	uint8_t *exact;

	begin(1024, 0);
	for (uint8_t i = 0; i < 8; i++)
		fake_ring_submit(&ring, 8, 0, i);
	exact = malloc(200 + 3 * 16);
	/* 128 header, 64 of selection and offsets: rows at 208, their first header at 200 */
	CHECK_EQUAL(ig_source_fill(source, 0, exact, 200 + 3 * 16, &spec, 0, 0, &oversized), 3);
	CHECK_EQUAL(header_of(exact).heap, 200 + 3 * 16);
	free(exact);
	end();
}

static void a_lagging_consumer_reads_on_where_it_was(void)
{
	struct ig_batch_spec spec = spec_of(16, 2, REGION);
	uint8_t next = 0, seen = 0;

	begin(256, 0);
	for (int round = 0; round < 1000; round++) {
		while (ring.producer - ring.consumer + 24 <= ring.size)
			fake_ring_submit(&ring, 16, 0, next++);
		int rows = fill(&spec);

		CHECK(rows > 0);
		for (int i = 0; i < rows; i++)
			CHECK_EQUAL(row_of(region, (uint32_t)i)[0], seen++);
		ig_source_commit(source, 0);
	}
	end();
}

static void what_was_not_committed_is_read_again(void)
{
	struct ig_batch_spec spec = spec_of(16, 1, REGION);

	begin(256, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 16, 0, 2);
	fake_ring_submit(&ring, 16, 0, 3);
	CHECK_EQUAL(fill(&spec), 1);
	ig_source_commit(source, 0);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(row_of(region, 0)[0], 3);
	ig_source_rewind(source, 0);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(row_of(region, 0)[0], 2);
	end();
}

static void short_records_are_padded_with_zeros(void)
{
	struct ig_batch_spec spec = spec_of(21, 8, REGION);

	begin(256, 0);
	fake_ring_submit(&ring, 5, 0, 1);
	fake_ring_submit(&ring, 21, 0, 1);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(header_of(region).stride, 32);
	for (uint32_t i = 0; i < 24; i++)
		CHECK_EQUAL(row_of(region, 0)[i], i < 5 ? 1 + i : 0);
	CHECK_EQUAL(ig_load32(row_of(region, 0) - 8), 5);
	CHECK_EQUAL(row_of(region, 1)[20], 21);
	CHECK_EQUAL(row_of(region, 1)[21], 0);
	end();
}

static void rows_are_as_long_as_the_longest_record(void)
{
	struct ig_batch_spec spec = spec_of(100, 8, REGION);

	spec.fixed_size = 12;
	begin(1024, 0);
	fake_ring_submit(&ring, 5, 0, 1);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(header_of(region).stride, 8 + 16); /* no shorter than what is fixed */
	for (uint32_t i = 0; i < 16; i++)
		CHECK_EQUAL(row_of(region, 0)[i], i < 5 ? 1 + i : 0);
	fake_ring_submit(&ring, 30, 0, 1);
	fake_ring_submit(&ring, 12, 0, 2);
	fake_ring_submit(&ring, 40, 0, 3);
	CHECK_EQUAL(fill(&spec), 3);
	CHECK_EQUAL(header_of(region).stride, 8 + 40);
	CHECK_EQUAL(header_of(region).heap, header_of(region).rows - 8 + 3 * 48);
	for (uint32_t i = 0; i < 40; i++)
		CHECK_EQUAL(row_of(region, 1)[i], i < 12 ? 2 + i : 0);
	CHECK_EQUAL(row_of(region, 2)[39], 42);
	end();
}

/* What the kernel leaves behind a record is not of this record. */
static void what_follows_a_record_is_zeros(void)
{
	struct ig_batch_spec spec = spec_of(100, 8, REGION);

	spec.fixed_size = 12;
	begin(1024, 0);
	for (int i = 0; i < 3; i++)
		fake_ring_submit(&ring, 27, 0, 1); /* the fake ring is full of 0xee */
	CHECK_EQUAL(fill(&spec), 3);
	CHECK_EQUAL(header_of(region).stride, 8 + 32);
	for (uint32_t row = 0; row < 3; row++)
		for (uint32_t i = 0; i < 32; i++)
			CHECK_EQUAL(row_of(region, row)[i], i < 27 ? 1 + i : 0);
	end();
}

/* A long record among short ones makes all rows longer: then fewer of them fit. */
static void a_longer_row_that_does_not_fit_begins_the_next_batch(void)
{
	struct ig_batch_spec spec = spec_of(100, 8, 3 * 32);

	spec.fixed_size = 16;
	begin(1024, 0);
	fake_ring_submit(&ring, 24, 0, 1);
	fake_ring_submit(&ring, 24, 0, 2);
	fake_ring_submit(&ring, 80, 0, 3);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(header_of(region).stride, 32);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(header_of(region).stride, 88);
	CHECK_EQUAL(row_of(region, 0)[0], 3);
	end();
}

static void discarded_records_between_rows_are_skipped(void)
{
	struct ig_batch_spec spec = spec_of(100, 8, REGION);

	spec.fixed_size = 8;
	begin(1024, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 16, DISCARDED, 2);
	fake_ring_submit(&ring, 16, 0, 3);
	CHECK_EQUAL(fill(&spec), 2);
	CHECK_EQUAL(header_of(region).stride, 24);
	CHECK_EQUAL(row_of(region, 0)[0], 1);
	CHECK_EQUAL(row_of(region, 1)[0], 3);
	end();
}

static void a_longer_record_keeps_its_rest(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);

	begin(512, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 61, 0, 2);
	fake_ring_submit(&ring, 4, 0, 3);
	CHECK_EQUAL(fill(&spec), 3);
	CHECK_EQUAL(header_of(region).stride, 0);
	CHECK(header_of(region).row_offsets != 0);
	for (uint32_t row = 0; row < 3; row++)
		CHECK_EQUAL((row_of(region, row) - region) % 8, 0);
	CHECK_EQUAL(row_of(region, 0)[15], 16);
	CHECK_EQUAL(ig_load32(row_of(region, 1) - 8), 61);
	CHECK_EQUAL(row_of(region, 1)[60], 62);
	CHECK_EQUAL(row_of(region, 1)[61], 0);
	CHECK_EQUAL(row_of(region, 2)[3], 6);
	CHECK_EQUAL(row_of(region, 2)[4], 0);
	CHECK_EQUAL(row_of(region, 2)[15], 0);
	end();
}

static void a_record_larger_than_max_bytes_comes_alone(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, 64);

	begin(1024, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	fake_ring_submit(&ring, 300, 0, 2);
	fake_ring_submit(&ring, 16, 0, 3);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(ig_load32(row_of(region, 0) - 8), 300);
	CHECK_EQUAL(fill(&spec), 1);
	CHECK_EQUAL(row_of(region, 0)[0], 3);
	end();
}

static void a_record_larger_than_the_region_is_counted(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	uint64_t oversized = 10;

	begin(16384, 0);
	fake_ring_submit(&ring, 5000, 0, 1);
	CHECK_EQUAL(ig_source_fill(source, 0, region, REGION, &spec, 0, 0, &oversized), 0);
	CHECK_EQUAL(oversized, 11);
	CHECK_EQUAL(ring.consumer, ring.producer);
	fake_ring_submit(&ring, 5000, 0, 1);
	fake_ring_submit(&ring, 16, 0, 2);
	CHECK_EQUAL(ig_source_fill(source, 0, region, REGION, &spec, 0, 0, &oversized), 1);
	CHECK_EQUAL(oversized, 12);
	end();
}

static uint32_t random_state = 20261124;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % limit;
}

/* Each byte of a row, after the record's own, is zero; rows are of one stride or where the offsets say. */
static void is_row(uint32_t row, uint32_t length, uint8_t first, const struct ig_batch_spec *spec)
{
	const struct ig_batch batch = header_of(region);
	const uint32_t least = batch.stride ? batch.stride - 8 : (uint32_t)ig_round8(spec->record_size);
	const uint8_t *payload = row_of(region, row);

	CHECK_EQUAL(ig_load32(payload - 8), length);
	CHECK_EQUAL(ig_load32(region + batch.selection + 4 * row), row);
	CHECK(least >= ig_round8(spec->fixed_size));
	CHECK(!batch.stride || batch.stride - 8 <= ig_round8(spec->record_size));
	for (uint32_t i = 0; i < length || i < least; i++)
		CHECK_EQUAL(payload[i], i < length ? (uint8_t)(first + i) : 0);
}

/* Records of any lengths, some discarded, in batches of any size: all come out, once, in order, and whole. */
static void any_records_come_out_in_order(void)
{
	enum { RECORDS = 40 };
	uint32_t lengths[RECORDS];

	for (int round = 0; round < 3000; round++) {
		const uint32_t record_size = random_below(80), kinds = 1 + random_below(3);
		struct ig_batch_spec spec = spec_of(record_size, 1 + random_below(12), 16 + random_below(600));
		uint32_t kept = 0, taken = 0;

		spec.fixed_size = random_below(record_size + 1);
		begin(8192, random_below(1 << 20) * 8);
		for (uint32_t i = 0; i < RECORDS; i++) {
			/* One length, or a few: none, some or all of them longer than the struct. */
			const uint32_t length = kinds == 1 ? record_size : random_below(kinds == 2 ? record_size + 1 : 120);
			const bool discarded = random_below(8) == 0;

			fake_ring_submit(&ring, length, discarded ? DISCARDED : 0, (uint8_t)(kept * 7));
			if (!discarded)
				lengths[kept++] = length;
		}
		for (;;) {
			const int rows = fill(&spec);

			if (!rows)
				break;
			CHECK((uint32_t)rows <= spec.max_rows);
			CHECK(rows == 1 || header_of(region).rows_size + 8 <= spec.max_bytes);
			for (uint32_t row = 0; row < (uint32_t)rows; row++, taken++)
				is_row(row, lengths[taken], (uint8_t)(taken * 7), &spec);
			ig_source_commit(source, 0);
		}
		CHECK_EQUAL(taken, kept);
		CHECK_EQUAL(ring.consumer, ring.producer);
		end();
	}
}

static void nonsense_is_refused(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	uint64_t oversized = 0;

	begin(256, 0);
	fake_ring_submit(&ring, 16, 0, 1);
	CHECK_EQUAL(ig_source_fill(source, 1, region, REGION, &spec, 0, 0, &oversized), -EINVAL);
	CHECK_EQUAL(ig_source_fill(source, -1, region, REGION, &spec, 0, 0, &oversized), -EINVAL);
	CHECK_EQUAL(ig_source_fill(source, 0, region, 100, &spec, 0, 0, &oversized), -EINVAL);
	spec.max_rows = 0;
	CHECK_EQUAL(fill(&spec), -EINVAL);
	spec.max_rows = IG_MAX_ROWS + 1;
	CHECK_EQUAL(fill(&spec), -EINVAL);
	spec.max_rows = 8;
	spec.fixed_size = 17;
	CHECK_EQUAL(fill(&spec), -EINVAL);
	spec.fixed_size = 16;
	spec.column_count = 257;
	CHECK_EQUAL(fill(&spec), -EINVAL);
	CHECK_EQUAL(ig_source_pending(source, 9), -EINVAL);
	CHECK_EQUAL(ig_source_commit(source, 9), -EINVAL);
	CHECK_EQUAL(ig_source_rewind(source, 9), -EINVAL);
	CHECK(ig_source_add_ring(source, -1) < 0);
	end();
}

static void packing_and_filling_again_is_the_identity(void)
{
	struct ig_batch_spec spec = spec_of(24, 8, REGION);
	uint8_t records[512], again[REGION];
	uint64_t consumed = 0;
	int64_t size;

	for (int longer = 0; longer < 2; longer++) {
		begin(512, 0);
		fake_ring_submit(&ring, 5, 0, 1);
		fake_ring_submit(&ring, 24, 0, 2);
		fake_ring_submit(&ring, longer ? 50 : 17, 0, 3);
		CHECK_EQUAL(fill(&spec), 3);
		size = ig_records_pack(region, REGION, records, sizeof(records));
		CHECK_EQUAL(size, 16 + 32 + (longer ? 64 : 32));
		CHECK_EQUAL(ig_records_pack(region, REGION, records, (uint64_t)size), size);
		CHECK_EQUAL(ig_records_pack(region, REGION, records, (uint64_t)size - 1), -ENOSPC);
		ig_records_pack(region, REGION, records, (uint64_t)size);
		memset(again, 0xaa, REGION);
		CHECK_EQUAL(ig_records_fill(records, (uint64_t)size, &consumed, again, REGION, &spec, 7, 2), 3);
		CHECK_EQUAL(consumed, size);
		for (uint32_t row = 0; row < 3; row++)
			CHECK(!memcmp(row_of(region, row), row_of(again, row), 24));
		end();
	}
}

static void damaged_records_end_what_is_read(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	uint8_t records[72] = { 16 };
	uint64_t consumed;

	begin(256, 0);
	ig_store32(records + 24, 100); /* longer than what is left */
	CHECK_EQUAL(ig_records_fill(records, 72, &consumed, region, REGION, &spec, 0, 0), 1);
	CHECK_EQUAL(consumed, 24);
	CHECK_EQUAL(ig_records_fill(records + 24, 48, &consumed, region, REGION, &spec, 0, 0), -EPROTO);
	ig_store32(records + 24, 16 | BUSY);
	CHECK_EQUAL(ig_records_fill(records + 24, 48, &consumed, region, REGION, &spec, 0, 0), -EPROTO);
	CHECK_EQUAL(ig_records_fill(records, 7, &consumed, region, REGION, &spec, 0, 0), -EPROTO);
	CHECK_EQUAL(ig_records_fill(records, 23, &consumed, region, REGION, &spec, 0, 0), -EPROTO);
	end();
}

static void no_records_make_a_batch_without_rows(void)
{
	struct ig_batch_spec spec = spec_of(16, 8, REGION);
	uint64_t consumed = 1;

	begin(256, 0);
	CHECK_EQUAL(ig_records_fill(NULL, 0, &consumed, region, REGION, &spec, 4, 0), 0);
	CHECK_EQUAL(consumed, 0);
	CHECK_EQUAL(header_of(region).magic, IG_BATCH_MAGIC);
	CHECK_EQUAL(header_of(region).row_count, 0);
	CHECK_EQUAL(header_of(region).rows_size, 0);
	CHECK_EQUAL(header_of(region).sequence, 4);
	end();
}

static void a_wake_ends_the_wait(void)
{
	begin(256, 0);
	ig_source_wake(source);
	ig_source_wake(source);
	CHECK_EQUAL(ig_source_wait(source, 10000), 2);
	CHECK_EQUAL(ig_source_wait(source, 0), 0);
	end();
}

int main(void)
{
	TEST(an_empty_ring_gives_no_rows);
	TEST(a_batch_is_laid_out_as_the_abi_says);
	TEST(records_wrap_around);
	TEST(positions_wrap_around);
	TEST(a_busy_record_ends_the_batch);
	TEST(discarded_records_are_skipped);
	TEST(discarded_records_alone_are_committed);
	TEST(discarded_records_after_a_batch_wait_for_its_commit);
	TEST(a_full_batch_leaves_the_rest);
	TEST(rows_may_fill_the_region_to_its_end);
	TEST(a_lagging_consumer_reads_on_where_it_was);
	TEST(what_was_not_committed_is_read_again);
	TEST(short_records_are_padded_with_zeros);
	TEST(rows_are_as_long_as_the_longest_record);
	TEST(what_follows_a_record_is_zeros);
	TEST(a_longer_row_that_does_not_fit_begins_the_next_batch);
	TEST(discarded_records_between_rows_are_skipped);
	TEST(a_longer_record_keeps_its_rest);
	TEST(a_record_larger_than_max_bytes_comes_alone);
	TEST(a_record_larger_than_the_region_is_counted);
	TEST(any_records_come_out_in_order);
	TEST(nonsense_is_refused);
	TEST(packing_and_filling_again_is_the_identity);
	TEST(damaged_records_end_what_is_read);
	TEST(no_records_make_a_batch_without_rows);
	TEST(a_wake_ends_the_wait);
	return 0;
}
