// SPDX-License-Identifier: Apache-2.0
/* Home to away: what an operator gets to see of a batch. */
#include "internal.h"

/* Ranges up to this many bytes are copied word by word; a call of memcpy costs more. */
#define LONG_RANGE 64

/* The ranges that an operator asked to see: where their words of 8 bytes are in a row, and those that are longer. */
struct pieces {
	uint32_t record_size;
	uint32_t word_count, long_count;
	uint32_t words[64 * LONG_RANGE / 8];
	struct ig_range longs[64];
};

static void pieces_make(struct pieces *pieces, const struct ig_projection *projection)
{
	pieces->record_size = projection->record_size;
	pieces->word_count = pieces->long_count = 0;
	for (uint32_t r = 0; r < projection->range_count; r++) {
		const struct ig_range range = projection->ranges[r];

		if (range.size > LONG_RANGE) {
			pieces->longs[pieces->long_count++] = range;
			continue;
		}
		for (uint32_t at = range.offset; at < range.offset + range.size; at += 8)
			pieces->words[pieces->word_count++] = at;
	}
}

/* Header and pieces of one row, which is as long as record_size in both memories. */
static inline __attribute__((always_inline)) void copy_row(uint8_t *to, const uint8_t *row, const struct pieces *pieces,
							   const uint32_t word_count, const uint32_t long_count)
{
	const uint32_t length = ig_load32(row - IG_RECORD_HEADER);

	ig_store32(to - IG_RECORD_HEADER, length > pieces->record_size ? pieces->record_size : length);
	for (uint32_t i = 0; i < word_count; i++)
		memcpy(to + pieces->words[i], row + pieces->words[i], 8);
	for (uint32_t i = 0; i < long_count; i++)
		memcpy(to + pieces->longs[i].offset, row + pieces->longs[i].offset, pieces->longs[i].size);
}

struct rows {
	uint8_t *to;
	const uint8_t *from;
	uint64_t to_stride, from_stride;
	const uint32_t *map;
	uint32_t count;
};

static inline __attribute__((always_inline)) void copy_each_row(const struct rows *rows, const struct pieces *pieces,
								const uint32_t word_count, const uint32_t long_count)
{
	uint8_t *to = rows->to;

	for (uint32_t i = 0; i < rows->count; i++, to += rows->to_stride)
		copy_row(to, rows->from + rows->map[i] * rows->from_stride, pieces, word_count, long_count);
}

static void copy_rows(const struct rows *rows, const struct pieces *pieces)
{
	/* A filter looks at a field or three: then nothing is left of the inner loops. */
	switch (pieces->long_count ? 0 : pieces->word_count) {
	case 1: copy_each_row(rows, pieces, 1, 0); break;
	case 2: copy_each_row(rows, pieces, 2, 0); break;
	case 3: copy_each_row(rows, pieces, 3, 0); break;
	default: copy_each_row(rows, pieces, pieces->word_count, pieces->long_count);
	}
}

/* The rows of a batch with row offsets. Writes away's own offsets when rows go whole. */
static int copy_variable_rows(const uint8_t *home, uint32_t capacity, const struct ig_batch *batch, uint8_t *away,
			      uint32_t away_capacity, const struct ig_layout *layout,
			      const struct ig_projection *projection, const struct pieces *pieces,
			      const uint32_t *row_map, uint64_t *next)
{
	const uint64_t row = ig_round8(projection->record_size);

	for (uint32_t i = 0; i < batch->selected; i++) {
		uint32_t at = ig_load32(home + batch->row_offsets + 4ull * row_map[i]), length;
		uint64_t size = row;

		if (at < IG_RECORD_HEADER || at > capacity)
			return -EPROTO;
		length = ig_load32(home + at - IG_RECORD_HEADER);
		if (projection->all_rows && length > row)
			size = ig_round8(length);
		if (!ig_inside(at, size, capacity))
			return -EPROTO;
		if (!ig_inside(*next, IG_RECORD_HEADER + size, away_capacity))
			return -ENOSPC;
		if (projection->all_rows) {
			ig_store32(away + layout->row_offsets + 4ull * i, (uint32_t)(*next + IG_RECORD_HEADER));
			ig_store32(away + *next, length);
			memcpy(away + *next + 4, home + at - 4, 4 + size);
		} else {
			copy_row(away + *next + IG_RECORD_HEADER, home + at, pieces, pieces->word_count, pieces->long_count);
		}
		*next += IG_RECORD_HEADER + size;
	}
	return 0;
}

int ig_batch_project(const uint8_t *home, uint32_t home_capacity, uint8_t *away, uint32_t away_capacity,
		     const struct ig_projection *projection, uint32_t *row_map, uint32_t *where)
{
	struct ig_batch batch, result;
	struct ig_layout layout;
	struct pieces pieces;
	struct ig_mapping map;
	struct ig_heap heap;
	uint64_t next, stride;
	uint32_t count;
	bool identity;
	int error;

	*where = 0;
	if (!ig_projection_valid(projection))
		return -EINVAL;
	error = ig_header_read(home, home_capacity, projection->record_size, &batch, where);
	if (error)
		return error;
	count = batch.selected;
	if (projection->column_count > batch.column_count)
		return ig_protocol_error(where, IG_WHERE(column_count));
	if (ig_selection_read(home + batch.selection, count, batch.row_count, row_map))
		return ig_protocol_error(where, IG_WHERE(selection));
	if (!ig_layout_make(&layout, away_capacity, projection->column_count, count))
		return -ENOSPC;

	identity = count == batch.row_count;
	for (uint32_t i = 0; i < count; i++) {
		identity &= row_map[i] == i;
		ig_store32(away + layout.selection + 4ull * i, i);
	}
	pieces_make(&pieces, projection);
	next = layout.rows - IG_RECORD_HEADER;
	if (!batch.stride) {
		stride = projection->all_rows ? 0 : IG_RECORD_HEADER + ig_round8(projection->record_size);
		error = copy_variable_rows(home, home_capacity, &batch, away, away_capacity, &layout, projection, &pieces,
					   row_map, &next);
		if (error == -EPROTO)
			return ig_protocol_error(where, IG_WHERE(row_offsets));
		if (error)
			return error;
	} else if (!count) {
		stride = batch.stride;
	} else {
		stride = projection->all_rows ? batch.stride : IG_RECORD_HEADER + ig_round8(projection->record_size);
		if (!ig_inside(next, count * stride, away_capacity))
			return -ENOSPC;
		if (!projection->all_rows) {
			copy_rows(&(struct rows){ away + layout.rows, home + batch.rows, stride, batch.stride, row_map, count }, &pieces);
		} else if (identity) {
			memcpy(away + next, home + batch.rows - IG_RECORD_HEADER, count * stride);
		} else {
			for (uint32_t i = 0; i < count; i++)
				memcpy(away + next + i * stride, home + batch.rows - IG_RECORD_HEADER + row_map[i] * stride, stride);
		}
		next += count * stride;
	}

	heap = (struct ig_heap){ away, next, away_capacity };
	map = (struct ig_mapping){ identity ? NULL : row_map, NULL, count, batch.row_count, count };
	for (uint32_t slot = 0; slot < projection->column_count; slot++) {
		struct ig_column column, copy;

		memcpy(&column, home + batch.columns + slot * sizeof(column), sizeof(column));
		if (!projection->wanted[slot])
			column.state = 0;
		error = ig_column_copy(&heap, home, home_capacity, &column, projection->width[slot], &map, &copy);
		if (error == -EPROTO)
			return ig_protocol_error(where, IG_WHERE_COLUMN(slot));
		if (error)
			return error;
		memcpy(away + layout.columns + slot * sizeof(copy), &copy, sizeof(copy));
	}

	result = batch; /* what identifies it: data source, flags, sequence, lost, clocks */
	result.version = IG_BATCH_VERSION;
	result.header_size = sizeof(result);
	result.capacity = away_capacity;
	result.row_count = count;
	result.stride = (uint32_t)stride;
	result.rows = layout.rows;
	result.rows_size = count ? (uint32_t)(next - layout.rows) : 0;
	result.row_offsets = stride ? 0 : layout.row_offsets;
	result.selection = layout.selection;
	result.selected = count;
	result.columns = layout.columns;
	result.column_count = projection->column_count;
	result.heap = (uint32_t)next;
	result.heap_used = (uint32_t)(heap.next - next);
	result.output = result.output_size = 0;
	memset(result.reserved, 0, sizeof(result.reserved));
	memcpy(away, &result, sizeof(result));
	return (int)count;
}
