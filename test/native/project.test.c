// SPDX-License-Identifier: Apache-2.0
/* Between memories: what an operator sees, what is taken back, and what is refused. */
#include "check.h"

#define CAPACITY 8192u
#define ROWS 6u
#define RECORD 40u

static uint8_t *home, *away;
static uint32_t row_map[IG_MAX_ROWS], where;
static struct ig_projection projection;

/* Six rows; slot 0: u32 100 + row; slot 1: views "v0" … without a value in row 3; slot 2 absent. */
static void begin(uint32_t longest)
{
	struct ig_batch_spec spec = spec_of(RECORD, 16, CAPACITY);
	uint8_t records[1024], *next = records;
	struct ig_column columns[3] = {};
	uint64_t consumed;
	struct ig_batch batch;
	uint32_t at;

	home = malloc(CAPACITY);
	away = malloc(CAPACITY);
	memset(home, 0xaa, CAPACITY);
	memset(away, 0xbb, CAPACITY);
	memset(records, 0, sizeof(records));
	for (uint32_t row = 0; row < ROWS; row++) {
		uint32_t length = row == 2 ? longest : RECORD;

		ig_store32(next, length);
		for (uint32_t i = 0; i < length; i++)
			next[8 + i] = (uint8_t)(row * 40 + i);
		next += 8 + ig_round8(length);
	}
	spec.column_count = 3;
	CHECK_EQUAL(ig_records_fill(records, (uint64_t)(next - records), &consumed, home, CAPACITY, &spec, 9, 4), ROWS);

	batch = header_of(home);
	at = batch.heap;
	columns[0] = (struct ig_column){ .state = 1, .data = at, .data_size = 4 * ROWS };
	for (uint32_t row = 0; row < ROWS; row++)
		ig_store32(home + at + 4 * row, 100 + row);
	at += 4 * ROWS;
	home[at] = 0x37; /* not row 3 */
	columns[1] = (struct ig_column){ .field = 77, .state = 1, .validity = at, .data = at + 8, .data_size = 8 * ROWS };
	at += 8;
	for (uint32_t row = 0; row < ROWS; row++) {
		struct ig_view view = { at + 8 * ROWS + 2 * row, 2 };

		if (row == 3)
			view = (struct ig_view){ UINT32_MAX, UINT32_MAX }; /* never looked at */
		memcpy(home + at + 8 * row, &view, 8);
		home[at + 8 * ROWS + 2 * row] = 'v';
		home[at + 8 * ROWS + 2 * row + 1] = (uint8_t)('0' + row);
	}
	at += 8 * ROWS + 2 * ROWS;
	memcpy(home + batch.columns, columns, sizeof(columns));
	ig_store32(home + offsetof(struct ig_batch, heap_used), at - batch.heap);

	projection = (struct ig_projection){ .record_size = RECORD, .fixed_size = RECORD, .all_rows = 1, .column_count = 3 };
	projection.wanted[0] = projection.wanted[1] = 1;
	projection.width[0] = 4;
	projection.width[2] = 8;
}

static void end(void)
{
	free(home);
	free(away);
}

static void set(uint8_t *region, uint32_t field, uint32_t value)
{
	ig_store32(region + field, value);
}
#define SET(region, field, value) set(region, offsetof(struct ig_batch, field), value)

static void select_rows(uint8_t *region, const uint32_t *rows, uint32_t count)
{
	memcpy(region + header_of(region).selection, rows, 4 * count);
	SET(region, selected, count);
}
#define SELECT(region, ...)                                                        \
	do {                                                                       \
		const uint32_t rows_[] = { __VA_ARGS__ };                          \
		select_rows(region, rows_, sizeof(rows_) / sizeof(*rows_));        \
	} while (0)

static struct ig_column column_of(const uint8_t *region, uint32_t slot)
{
	struct ig_column column;

	memcpy(&column, region + header_of(region).columns + slot * sizeof(column), sizeof(column));
	return column;
}

static void set_column(uint8_t *region, uint32_t slot, struct ig_column column)
{
	memcpy(region + header_of(region).columns + slot * sizeof(column), &column, sizeof(column));
}

static int project(void)
{
	return ig_batch_project(home, CAPACITY, away, CAPACITY, &projection, row_map, &where);
}

static int accept(uint32_t rows)
{
	return ig_batch_accept(home, CAPACITY, away, CAPACITY, &projection, row_map, rows, &where);
}

static void is_text(const uint8_t *region, uint32_t slot, uint32_t row, const char *text)
{
	struct ig_column column = column_of(region, slot);
	struct ig_view view;

	memcpy(&view, region + column.data + 8 * row, sizeof(view));
	CHECK_EQUAL(view.size, strlen(text));
	CHECK(!memcmp(region + view.offset, text, view.size));
}

static void all_rows_travel_as_they_are(void)
{
	begin(RECORD);
	CHECK_EQUAL(project(), ROWS);
	CHECK_EQUAL(header_of(away).row_count, ROWS);
	CHECK_EQUAL(header_of(away).selected, ROWS);
	CHECK_EQUAL(header_of(away).stride, 8 + RECORD);
	CHECK_EQUAL(header_of(away).capacity, CAPACITY);
	CHECK_EQUAL(header_of(away).sequence, 9);
	CHECK_EQUAL(header_of(away).lost, 4);
	for (uint32_t row = 0; row < ROWS; row++) {
		CHECK_EQUAL(row_map[row], row);
		CHECK(!memcmp(row_of(home, row) - 8, row_of(away, row) - 8, 8 + RECORD));
		CHECK_EQUAL(ig_load32(away + column_of(away, 0).data + 4 * row), 100 + row);
	}
	is_text(away, 1, 0, "v0");
	is_text(away, 1, 3, "");
	is_text(away, 1, 5, "v5");
	CHECK_EQUAL(column_of(away, 1).field, 77);
	CHECK_EQUAL(away[column_of(away, 1).validity], 0x37);
	CHECK_EQUAL(column_of(away, 2).state, 0);
	end();
}

static void selected_rows_are_renumbered(void)
{
	for (uint32_t longest = RECORD; longest <= 95; longest += 55) {
		begin(longest);
		SELECT(home, 5, 2, 3);
		CHECK_EQUAL(project(), 3);
		CHECK_EQUAL(row_map[0], 5);
		CHECK_EQUAL(row_map[1], 2);
		CHECK_EQUAL(row_map[2], 3);
		CHECK_EQUAL(row_of(away, 0)[0], 200);
		CHECK_EQUAL(ig_load32(row_of(away, 1) - 8), longest);
		CHECK_EQUAL(row_of(away, 1)[longest - 1], (uint8_t)(80 + longest - 1));
		CHECK_EQUAL(ig_load32(away + column_of(away, 0).data), 105);
		is_text(away, 1, 0, "v5");
		CHECK_EQUAL(away[column_of(away, 1).validity], 0x3);
		end();
	}
}

static void only_the_ranges_travel(void)
{
	for (uint32_t longest = RECORD; longest <= 95; longest += 55) {
		begin(longest);
		projection.all_rows = 0;
		projection.range_count = 2;
		projection.ranges[0] = (struct ig_range){ 8, 8 };
		projection.ranges[1] = (struct ig_range){ 24, 16 };
		projection.wanted[1] = 0;
		SELECT(home, 2, 0);
		CHECK_EQUAL(project(), 2);
		CHECK_EQUAL(header_of(away).stride, 8 + RECORD);
		CHECK_EQUAL(row_of(away, 0)[8], 88);
		CHECK_EQUAL(row_of(away, 0)[39], 80 + 39);
		CHECK_EQUAL(row_of(away, 1)[24], 24);
		CHECK_EQUAL(row_of(away, 0)[0], 0xbb);
		CHECK_EQUAL(row_of(away, 1)[16], 0xbb);
		CHECK_EQUAL(ig_load32(row_of(away, 0) - 8), RECORD);
		CHECK_EQUAL(column_of(away, 1).state, 0);
		end();
	}
}

/* A text of ten bytes at 14, in a row of 40 of which home has `present`. */
static void project_text(const char *text, uint32_t present)
{
	struct ig_batch_spec spec = spec_of(RECORD, 16, CAPACITY);
	uint8_t record[8 + RECORD] = { (uint8_t)present };
	uint64_t consumed;

	home = malloc(CAPACITY);
	away = malloc(CAPACITY);
	memset(away, 0xbb, CAPACITY);
	spec.fixed_size = 8;
	memcpy(record + 8, "12345678", 8);
	memcpy(record + 8 + 14, text, strlen(text));
	CHECK_EQUAL(ig_records_fill(record, 8 + ig_round8(present), &consumed, home, CAPACITY, &spec, 0, 0), 1);
	CHECK_EQUAL(header_of(home).stride, 8 + ig_round8(present));
	projection = (struct ig_projection){ .record_size = RECORD, .fixed_size = 8, .range_count = 1, .text_count = 1 };
	projection.ranges[0] = (struct ig_range){ 0, 8 };
	projection.texts[0] = (struct ig_range){ 14, 10 };
	CHECK_EQUAL(project(), 1);
	CHECK_EQUAL(header_of(away).stride, 8 + RECORD);
	CHECK_EQUAL(ig_load32(row_of(away, 0) - 8), present);
	CHECK(!memcmp(row_of(away, 0), "12345678", 8));
	CHECK_EQUAL(row_of(away, 0)[13], 0xbb);
	CHECK_EQUAL(row_of(away, 0)[24], 0xbb);
}

static void texts_travel_up_to_their_nul(void)
{
	static const char *const texts[] = { "", "a", "seventh", "eighth 8", "ninth 901", "tenth 9012" };

	for (uint32_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		project_text(texts[i], RECORD);
		/* All ten bytes may be text. */
		CHECK(!strncmp((const char *)row_of(away, 0) + 14, texts[i], 10));
		end();
	}
	project_text("a", RECORD);
	CHECK_EQUAL(row_of(away, 0)[14 + 8], 0xbb);
	end();
}

static void texts_that_home_has_not_all_of_are_ended(void)
{
	for (uint32_t present = 8; present <= 24; present += 8) {
		const uint32_t there = present < 14 ? 0 : present - 14;

		project_text("tenth 9012", present);
		CHECK(!memcmp(row_of(away, 0) + 14, "tenth 9012", there));
		if (there < 10)
			CHECK_EQUAL(row_of(away, 0)[14 + there], 0);
		end();
	}
}

static void whole_rows_that_home_has_not_all_of_end_in_zeros(void)
{
	project_text("tenth 9012", 16);
	projection.all_rows = 1;
	projection.range_count = projection.text_count = 0;
	CHECK_EQUAL(project(), 1);
	CHECK(!memcmp(row_of(away, 0), row_of(home, 0), 16));
	for (uint32_t at = 16; at < RECORD; at++)
		CHECK_EQUAL(row_of(away, 0)[at], 0);
	end();
}

static void nonsense_is_refused(void)
{
	const struct ig_range bad[] = { { 31, 10 }, { RECORD, 1 }, { UINT32_MAX, 1 }, { 0, UINT32_MAX }, { 0, 0 } };

	begin(RECORD);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		projection.text_count = 1;
		projection.texts[0] = bad[i];
		CHECK_EQUAL(project(), -EINVAL);
		CHECK_EQUAL(accept(ROWS), -EINVAL);
	}
	projection.text_count = IG_MAX_RANGES + 1;
	CHECK_EQUAL(project(), -EINVAL);
	projection.text_count = 0;
	projection.range_count = 1;
	projection.fixed_size = 16;
	projection.ranges[0] = (struct ig_range){ 16, 8 };
	CHECK_EQUAL(project(), -EINVAL);
	projection.range_count = 0;
	projection.fixed_size = RECORD + 1;
	CHECK_EQUAL(project(), -EINVAL);
	end();
}

static void no_rows_are_a_batch_too(void)
{
	begin(RECORD);
	SET(home, selected, 0);
	CHECK_EQUAL(project(), 0);
	CHECK_EQUAL(header_of(away).row_count, 0);
	CHECK_EQUAL(accept(0), 0);
	end();
}

static void results_come_back_through_the_map(void)
{
	struct ig_batch batch;
	uint32_t heap;

	begin(RECORD);
	projection.owned[1] = projection.owned[2] = 1;
	SELECT(home, 5, 2, 3, 0);
	CHECK_EQUAL(project(), 4);
	batch = header_of(away);
	heap = batch.heap + batch.heap_used + 8;
	for (uint32_t row = 0; row < 4; row++) {
		uint64_t value = 1000 + row;
		struct ig_view view = { heap + 200 + row, 1 };

		memcpy(away + ((heap + 7) & ~7u) + 8 * row, &value, 8);
		memcpy(away + heap + 100 + 8 * row, &view, 8);
		away[heap + 200 + row] = (uint8_t)('a' + row);
	}
	set_column(away, 2, (struct ig_column){ .state = 1, .data = (heap + 7) & ~7u, .data_size = 8 * 4 });
	away[heap + 90] = 0xb; /* not away row 2 */
	set_column(away, 1, (struct ig_column){ .state = 1, .validity = heap + 90, .data = heap + 100, .data_size = 8 * 4 });
	SELECT(away, 3, 0, 2);
	CHECK_EQUAL(accept(4), 3);
	CHECK_EQUAL(header_of(home).selected, 3);
	batch = header_of(home);
	CHECK_EQUAL(ig_load32(home + batch.selection), 0);
	CHECK_EQUAL(ig_load32(home + batch.selection + 4), 5);
	CHECK_EQUAL(ig_load32(home + batch.selection + 8), 3);
	CHECK_EQUAL(column_of(home, 1).field, 77);
	CHECK_EQUAL(column_of(home, 1).data_size, 8 * ROWS);
	CHECK_EQUAL(home[column_of(home, 1).validity], 0x21); /* rows 0 and 5 */
	is_text(home, 1, 0, "d");
	is_text(home, 1, 5, "a");
	CHECK_EQUAL(ig_load32(home + column_of(home, 2).data + 8 * 5), 1000);
	CHECK_EQUAL(ig_load32(home + column_of(home, 2).data + 8 * 0), 1003);
	CHECK_EQUAL(column_of(home, 0).state, 1); /* not its own: as it was */
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), 3);
	end();
}

/* After the refusal, home is what it was. */
static void refused(uint32_t rows, int result, uint32_t place)
{
	uint8_t *before = malloc(CAPACITY);
	struct ig_batch batch = header_of(home);

	memcpy(before, home, CAPACITY);
	CHECK_EQUAL(accept(rows), result);
	CHECK_EQUAL(where, place);
	CHECK(!memcmp(before, home, batch.heap + batch.heap_used));
	free(before);
	end();
}

static void begin_away(void)
{
	begin(RECORD);
	projection.owned[1] = projection.owned[2] = 1;
	CHECK_EQUAL(project(), ROWS);
}

static void a_repeated_row_is_refused(void)
{
	begin_away();
	SELECT(away, 0, 1, 0);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selection));
	begin_away();
	SELECT(away, 4, 4);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selection));
}

static void a_row_that_does_not_exist_is_refused(void)
{
	begin_away();
	SELECT(away, 0, ROWS);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selection));
	begin_away();
	SELECT(away, UINT32_MAX);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selection));
}

static void more_rows_than_there_are_are_refused(void)
{
	begin_away();
	SET(away, selected, ROWS + 1);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selected));
	begin_away();
	SET(away, selected, UINT32_MAX);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, selected));
}

static void more_heap_than_there_is_is_refused(void)
{
	for (uint32_t past = 0; past < 2; past++) {
		begin_away();
		SET(away, heap_used, CAPACITY - header_of(away).heap + past);
		if (past) {
			refused(ROWS, -EPROTO, offsetof(struct ig_batch, heap_used));
		} else {
			CHECK_EQUAL(accept(ROWS), ROWS);
			end();
		}
	}
	begin_away();
	SET(away, heap_used, UINT32_MAX);
	refused(ROWS, -EPROTO, offsetof(struct ig_batch, heap_used));
}

static void columns_outside_of_the_region_are_refused(void)
{
	const struct ig_column bad[] = {
		{ .state = 1, .data = UINT32_MAX, .data_size = 8 * ROWS },
		{ .state = 1, .data = CAPACITY, .data_size = 8 * ROWS },
		{ .state = 1, .data = CAPACITY - 8 * ROWS + 1, .data_size = 8 * ROWS },
		{ .state = 2, .data = 512, .data_size = 8 * ROWS },
		{ .state = 1, .data = 512, .data_size = 8 * ROWS, .validity = CAPACITY },
		{ .state = 1, .data = 512, .data_size = 8 * ROWS, .validity = UINT32_MAX },
		{ .state = 1, .data = 512, .data_size = 8 * ROWS - 1 },
	};

	for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		for (uint32_t slot = 1; slot < 3; slot++) {
			begin_away();
			memset(away + 512, 0, 8 * ROWS);
			set_column(away, slot, bad[i]);
			refused(ROWS, -EPROTO, 1000 + slot);
		}
	}
}

static void views_outside_of_the_region_are_refused(void)
{
	const struct ig_view bad[] = { { CAPACITY, 1 }, { 0, CAPACITY + 1 }, { UINT32_MAX, UINT32_MAX }, { 100, UINT32_MAX } };

	for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		begin_away();
		memset(away + 4096, 0, 8 * ROWS);
		memcpy(away + 4096 + 8 * 4, &bad[i], 8);
		set_column(away, 1, (struct ig_column){ .state = 1, .data = 4096, .data_size = 8 * ROWS });
		refused(ROWS, -EPROTO, 1001);
		/* but not when the row is not selected any more */
		begin_away();
		memset(away + 4096, 0, 8 * ROWS);
		memcpy(away + 4096 + 8 * 4, &bad[i], 8);
		set_column(away, 1, (struct ig_column){ .state = 1, .data = 4096, .data_size = 8 * ROWS });
		SELECT(away, 0, 1, 2, 3, 5);
		set_column(away, 2, (struct ig_column){ .state = 0 });
		CHECK_EQUAL(accept(ROWS), 5);
		end();
	}
}

/* Six views of nearly the whole region each: more than home can hold. */
static void a_full_heap_is_not_a_fault_of_the_guest(void)
{
	begin_away();
	for (uint32_t row = 0; row < ROWS; row++) {
		struct ig_view view = { row, CAPACITY - 100 };

		memcpy(away + 4096 + 8 * row, &view, 8);
	}
	set_column(away, 1, (struct ig_column){ .state = 1, .data = 4096, .data_size = 8 * ROWS });
	refused(ROWS, -ENOSPC, 0);
}

static void a_header_that_lies_is_refused(void)
{
	static const struct {
		uint32_t field, value;
	} lies[] = {
		{ offsetof(struct ig_batch, magic), 0 },
		{ offsetof(struct ig_batch, row_count), IG_MAX_ROWS + 1 },
		{ offsetof(struct ig_batch, row_count), UINT32_MAX },
		{ offsetof(struct ig_batch, stride), 8 },
		{ offsetof(struct ig_batch, stride), 49 },
		{ offsetof(struct ig_batch, rows), 0 },
		{ offsetof(struct ig_batch, rows), CAPACITY },
		{ offsetof(struct ig_batch, rows), UINT32_MAX },
		{ offsetof(struct ig_batch, selection), CAPACITY - 4 },
		{ offsetof(struct ig_batch, selection), UINT32_MAX },
		{ offsetof(struct ig_batch, selected), ROWS + 1 },
		{ offsetof(struct ig_batch, columns), CAPACITY - 95 },
		{ offsetof(struct ig_batch, columns), UINT32_MAX },
		{ offsetof(struct ig_batch, column_count), 257 },
		{ offsetof(struct ig_batch, column_count), 2 },
		{ offsetof(struct ig_batch, heap), CAPACITY + 8 },
		{ offsetof(struct ig_batch, heap), 1001 },
		{ offsetof(struct ig_batch, heap_used), CAPACITY },
		{ offsetof(struct ig_batch, heap_used), UINT32_MAX },
	};

	for (uint32_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		begin(RECORD);
		set(home, lies[i].field, lies[i].value);
		CHECK_EQUAL(project(), -EPROTO);
		/* A row count that is too large shows in what it is multiplied with, too. */
		CHECK_EQUAL(where, lies[i].field);
		CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), -EPROTO);
		CHECK_EQUAL(where, lies[i].field);
		end();
	}
}

static void check_finds_what_an_operator_at_home_did(void)
{
	begin(RECORD);
	projection.owned[0] = projection.owned[1] = 1;
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), ROWS);
	SELECT(home, 3, 1);
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), 2);
	SELECT(home, 3, 1, 3);
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), -EPROTO);
	CHECK_EQUAL(where, offsetof(struct ig_batch, selection));
	SELECT(home, 3, 1, 4);
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS - 1, &where), -EPROTO);
	CHECK_EQUAL(where, offsetof(struct ig_batch, row_count));
	set_column(home, 0, (struct ig_column){ .state = 1, .data = CAPACITY - 4 * ROWS + 1, .data_size = 4 * ROWS });
	CHECK_EQUAL(ig_batch_check(home, CAPACITY, &projection, ROWS, &where), -EPROTO);
	CHECK_EQUAL(where, 1000);
	end();
}

static void shared_bytes_are_copied_once(void)
{
	struct ig_view view;

	begin(RECORD);
	projection.width[0] = 0;
	projection.wanted[1] = 0;
	for (uint32_t row = 0; row < ROWS; row++) {
		view = (struct ig_view){ 0, 1000 };
		memcpy(home + 6000 + 8 * row, &view, 8);
	}
	set_column(home, 0, (struct ig_column){ .state = 1, .data = 6000, .data_size = 8 * ROWS });
	CHECK_EQUAL(project(), ROWS);
	CHECK(header_of(away).heap_used < 1100);
	end();
}

static void a_small_region_has_no_room(void)
{
	begin(RECORD);
	for (uint32_t capacity = 0; capacity < 700; capacity++) {
		uint8_t *small = malloc(capacity ? capacity : 1);
		int result = ig_batch_project(home, CAPACITY, small, capacity, &projection, row_map, &where);

		CHECK(result == -ENOSPC || result == ROWS);
		if (result == -ENOSPC)
			CHECK(capacity < 690);
		free(small);
	}
	end();
}

int main(void)
{
	TEST(all_rows_travel_as_they_are);
	TEST(selected_rows_are_renumbered);
	TEST(only_the_ranges_travel);
	TEST(texts_travel_up_to_their_nul);
	TEST(texts_that_home_has_not_all_of_are_ended);
	TEST(whole_rows_that_home_has_not_all_of_end_in_zeros);
	TEST(nonsense_is_refused);
	TEST(no_rows_are_a_batch_too);
	TEST(results_come_back_through_the_map);
	TEST(a_repeated_row_is_refused);
	TEST(a_row_that_does_not_exist_is_refused);
	TEST(more_rows_than_there_are_are_refused);
	TEST(more_heap_than_there_is_is_refused);
	TEST(columns_outside_of_the_region_are_refused);
	TEST(views_outside_of_the_region_are_refused);
	TEST(a_full_heap_is_not_a_fault_of_the_guest);
	TEST(a_header_that_lies_is_refused);
	TEST(check_finds_what_an_operator_at_home_did);
	TEST(shared_bytes_are_copied_once);
	TEST(a_small_region_has_no_room);
	return 0;
}
