// SPDX-License-Identifier: Apache-2.0
/*
 * Regions in which a guest changed bytes at random: whatever project, accept, check and pack answer, they stay inside
 * (the sanitizers watch), and what they let through is a batch that they let through again. FUZZ_ROUNDS, FUZZ_SEED.
 */
#include "check.h"

#define CAPACITY 4096u
#define ROWS 24u
#define RECORD 32u
#define FIXED 24u

static uint64_t state;

static uint32_t random32(void) /* xorshift64* */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 32);
}

static uint32_t interesting(void)
{
	static const uint32_t values[] = { 0, 1, 7, 8, 128, ROWS - 1, ROWS, ROWS + 1, CAPACITY - 8, CAPACITY - 1, CAPACITY, CAPACITY + 1,
					   65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xfffffff8, UINT32_MAX - 1, UINT32_MAX };

	return random32() % 3 ? values[random32() % (sizeof(values) / sizeof(*values))] : random32() % (2 * CAPACITY);
}

static void spoil(uint8_t *region, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		switch (random32() % 5) {
		case 0: region[random32() % CAPACITY] = (uint8_t)random32(); break;
		case 1: ig_store32(region + 4 * (random32() % 32), interesting()); break; /* the header */
		case 2: ig_store32(region + 128 + 4 * (random32() % 32), interesting()); break; /* columns */
		case 3: ig_store32(region + 4 * (random32() % (CAPACITY / 4)), interesting()); break;
		default: ig_store32(region + 128 + 128 + 4 * (random32() % (2 * ROWS)), random32() % ROWS); break; /* the selection */
		}
	}
}

static void make(uint8_t *region, bool longer)
{
	struct ig_batch_spec spec = spec_of(RECORD, ROWS, CAPACITY);
	static uint8_t records[ROWS * 128];
	uint8_t *next = records;
	uint64_t consumed;
	struct ig_batch batch;

	for (uint32_t row = 0; row < ROWS; row++) {
		uint32_t length = longer ? random32() % 64 : random32() % (RECORD + 1);

		ig_store32(next, length);
		next += 8 + ig_round8(length);
	}
	spec.fixed_size = FIXED;
	spec.column_count = 4;
	CHECK(ig_records_fill(records, (uint64_t)(next - records), &consumed, region, CAPACITY, &spec, 0, 0) > 0);
	batch = header_of(region);
	for (uint32_t slot = 0; slot < 4; slot++) {
		struct ig_column column = { .state = random32() % 4 != 0, .data = batch.heap + 256 * slot, .data_size = 8 * ROWS };

		if (random32() % 2)
			column.validity = batch.heap + random32() % 64;
		memcpy(region + batch.columns + slot * sizeof(column), &column, sizeof(column));
		for (uint32_t row = 0; row < ROWS; row++) {
			struct ig_view view = { random32() % (CAPACITY - 16), random32() % 16 };

			memcpy(region + column.data + 8 * row, &view, sizeof(view));
		}
	}
	ig_store32(region + offsetof(struct ig_batch, heap_used), 1024);
}

int main(void)
{
	const char *rounds_text = getenv("FUZZ_ROUNDS"), *seed_text = getenv("FUZZ_SEED");
	const uint32_t rounds = rounds_text ? (uint32_t)strtoul(rounds_text, NULL, 0) : 60000;
	uint32_t accepted = 0, projected = 0, checked = 0;
	uint32_t *row_map = malloc(IG_MAX_ROWS * sizeof(*row_map)), where;
	uint8_t *home = malloc(CAPACITY), *away = malloc(CAPACITY), *packed = malloc(2 * CAPACITY);

	state = seed_text ? strtoull(seed_text, NULL, 0) : 20260821;
	memset(home, 0, CAPACITY);
	memset(away, 0, CAPACITY);
	for (uint32_t round = 0; round < rounds; round++) {
		struct ig_projection projection = { .record_size = RECORD, .fixed_size = FIXED, .all_rows = random32() % 2, .column_count = random32() % 5 };
		const bool sound = random32() % 2;
		int rows, result;

		projection.range_count = random32() % 3;
		projection.ranges[0] = (struct ig_range){ 8, 8 };
		projection.ranges[1] = (struct ig_range){ 16, 8 };
		projection.text_count = random32() % 3;
		projection.texts[0] = (struct ig_range){ 3, 11 };
		projection.texts[1] = (struct ig_range){ 19, 13 };
		for (uint32_t slot = 0; slot < 4; slot++) {
			projection.wanted[slot] = random32() % 2;
			projection.owned[slot] = random32() % 2;
			projection.width[slot] = (uint32_t[]){ 0, 0, 1, 4, 8, 3 }[random32() % 6];
		}
		make(home, random32() % 2);
		if (!sound)
			spoil(home, 1 + random32() % 4);
		checked += ig_batch_check(home, CAPACITY, &projection, ROWS, &where) >= 0;
		ig_records_pack(home, CAPACITY, packed, random32() % (2 * CAPACITY));
		rows = ig_batch_project(home, CAPACITY, away, CAPACITY, &projection, row_map, &where);
		if (rows < 0)
			continue;
		projected++;
		CHECK_EQUAL(header_of(away).row_count, rows);
		if (random32() % 4)
			spoil(away, random32() % 5);
		result = ig_batch_accept(home, CAPACITY, away, CAPACITY, &projection, row_map, (uint32_t)rows, &where);
		if (result < 0)
			continue;
		accepted++;
		CHECK(result <= rows);
		if (!sound) /* its parts may lie on top of each other; that is its own affair */
			continue;
		CHECK_EQUAL(header_of(home).selected, result);
		CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, header_of(home).row_count, &where), result);
	}
	printf("  ok %u rounds: %u checked, %u projected, %u accepted\n", rounds, checked, projected, accepted);
	CHECK(rounds < 1000 || (accepted > rounds / 20 && projected > accepted && projected < rounds));
	free(row_map);
	free(home);
	free(away);
	free(packed);
	return 0;
}
