// SPDX-License-Identifier: Apache-2.0
/*
 * libFuzzer on what crosses between home and an operator's memory: records are laid out, projected, changed as the input
 * says, and taken back. Whatever the answer, nothing is touched outside of the two regions, and what was accepted is sound.
 */
#include "../native/check.h"

#define HOME 4096u
#define AWAY 2048u
#define MAX_ROWS 24u

struct input {
	const uint8_t *next, *end;
};

static uint8_t take(struct input *input)
{
	return input->next < input->end ? *input->next++ : 0;
}

static uint32_t take32(struct input *input)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value |= (uint32_t)take(input) << (8 * i);
	return value;
}

/* Changes of a region: where, what, until there are no more. Headers and descriptors are near its start. */
static void change(struct input *input, uint8_t *region, uint32_t size)
{
	for (uint32_t i = take(input) % 32; i > 0; i--) {
		uint32_t where = (take(input) % 2 ? take(input) * 4u : take32(input)) % (size - 3);

		ig_store32(region + where, take32(input));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	const uint32_t record_size = 8 + take(&input) % 64;
	struct ig_batch_spec spec = spec_of(record_size, 1 + take(&input) % MAX_ROWS, HOME);
	struct ig_projection projection = { .record_size = record_size, .fixed_size = record_size };
	uint8_t *home = malloc(HOME), *away = malloc(AWAY), *packed = malloc(HOME), *records = malloc(512);
	uint32_t row_map[IG_MAX_ROWS], where, records_size = 0;
	uint64_t consumed;
	int rows, kept;

	memset(home, 0, HOME);
	memset(away, 0, AWAY);
	spec.column_count = take(&input) % 6;
	projection.column_count = spec.column_count;
	projection.all_rows = take(&input) % 2;
	projection.range_count = take(&input) % 3;
	for (uint32_t i = 0; i < projection.range_count; i++)
		projection.ranges[i] = (struct ig_range){ (take(&input) * 8u) % 64, 8u * (take(&input) % 4) };
	for (uint32_t slot = 0; slot < projection.column_count; slot++) {
		const uint8_t bits = take(&input);

		projection.wanted[slot] = bits & 1;
		projection.owned[slot] = bits >> 1 & 1;
		projection.width[slot] = (uint32_t[]){ 0, 0, 1, 2, 4, 8, 3, 0x10000 }[bits >> 2 & 7];
	}
	/* Records: lengths as the input says, too, also wrong ones. */
	for (uint32_t i = 0; i < 8 && records_size + 8 + 128 <= 512; i++) {
		const uint32_t length = take(&input) % 120;

		ig_store32(records + records_size, take(&input) == 255 ? take32(&input) : length);
		ig_store32(records + records_size + 4, 0);
		memset(records + records_size + 8, (int)i, ig_round8(length));
		records_size += 8 + ig_round8(length);
	}
	rows = ig_records_fill(records, records_size, &consumed, home, HOME, &spec, 0, 0);
	if (rows >= 0)
		CHECK(consumed <= records_size);
	if (take(&input) % 4 == 0)
		change(&input, home, HOME);
	ig_records_pack(home, HOME, packed, take32(&input) % HOME);
	if (rows > 0)
		ig_batch_check(home, HOME, &projection, (uint32_t)rows, &where);
	rows = ig_batch_project(home, HOME, away, AWAY, &projection, row_map, &where);
	if (rows >= 0) {
		change(&input, away, AWAY);
		kept = ig_batch_accept(home, HOME, away, AWAY, &projection, row_map, (uint32_t)rows, &where);
		CHECK(kept <= rows);
		if (kept >= 0)
			CHECK_EQUAL(header_of(home).selected, kept);
	}
	free(home);
	free(away);
	free(packed);
	free(records);
	return 0;
}
