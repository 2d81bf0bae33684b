// SPDX-License-Identifier: Apache-2.0
/* Between memories: what an operator gets to see of a batch, and what is taken back from it. */
#include "internal.h"

/* Ranges up to this many bytes are copied word by word; a call of memcpy costs more. */
#define LONG_RANGE 64

/* Bytes for column data in the region that is written, from its heap on. */
struct heap {
	uint8_t *region;
	uint64_t next, end;
};

/* Returns the offset of size new bytes, 8-aligned, or 0. */
static uint32_t heap_take(struct heap *heap, uint64_t size)
{
	uint64_t at = ig_round8(heap->next);

	if (!ig_inside(at, size, heap->end))
		return 0;
	heap->next = at + size;
	return (uint32_t)at;
}

/* Which value goes where: value i of the copy is from[i] of the original and lands at to[i]; NULL: at i. */
struct mapping {
	const uint32_t *from, *to;
	uint32_t count;
	uint32_t from_rows, to_rows;
};

static inline uint32_t mapped(const uint32_t *rows, uint32_t i)
{
	return rows ? rows[i] : i;
}

static inline __attribute__((always_inline)) void copy_each(uint8_t *to, const uint8_t *from, uint32_t width,
							    const struct mapping *map)
{
	for (uint32_t i = 0; i < map->count; i++)
		memcpy(to + (uint64_t)mapped(map->to, i) * width, from + (uint64_t)mapped(map->from, i) * width, width);
}

static void copy_values(uint8_t *to, const uint8_t *from, uint32_t width, const struct mapping *map)
{
	if (!map->to && !map->from) {
		memcpy(to, from, (uint64_t)map->count * width);
		return;
	}
	switch (width) { /* the constant makes each copy a load and a store */
	case 1: copy_each(to, from, 1, map); break;
	case 2: copy_each(to, from, 2, map); break;
	case 4: copy_each(to, from, 4, map); break;
	case 8: copy_each(to, from, 8, map); break;
	default: copy_each(to, from, width, map);
	}
}

static int copy_views(struct heap *heap, uint32_t data, const uint8_t *region, uint32_t capacity,
		      const struct ig_column *column, const struct mapping *map)
{
	struct ig_view last = {}, last_copy = {};

	for (uint32_t i = 0; i < map->count; i++) {
		struct ig_view view, copy = {};
		uint32_t from = mapped(map->from, i);

		if (!column->validity || ig_bit(region + column->validity, from)) {
			memcpy(&view, region + column->data + 8ull * from, sizeof(view));
			if (!ig_inside(view.offset, view.size, capacity))
				return -EPROTO;
			/* Rows often share their bytes (a pod's name, say): copy them once. */
			if (view.offset == last.offset && view.size == last.size) {
				copy = last_copy;
			} else if (view.size) {
				if (!ig_inside(heap->next, view.size, heap->end))
					return -ENOSPC;
				memcpy(heap->region + heap->next, region + view.offset, view.size);
				copy = (struct ig_view){ (uint32_t)heap->next, view.size };
				heap->next += view.size;
				last = view;
				last_copy = copy;
			}
		}
		memcpy(heap->region + data + 8ull * mapped(map->to, i), &copy, sizeof(copy));
	}
	return 0;
}

/* Copies one column; *copy describes it in the region of heap. 0, -EPROTO or -ENOSPC. */
static int copy_column(struct heap *heap, const uint8_t *region, uint32_t capacity, const struct ig_column *column,
		       uint32_t width, const struct mapping *map, struct ig_column *copy)
{
	const uint64_t size = width ? width : sizeof(struct ig_view);

	*copy = (struct ig_column){ .field = column->field, .state = column->state };
	if (!column->state)
		return 0;
	if (column->state != 1 || column->data_size < map->from_rows * size ||
	    !ig_inside(column->data, map->from_rows * size, capacity))
		return -EPROTO;
	if (column->validity) {
		const uint32_t bytes = (map->to_rows + 7) / 8;
		uint8_t *bits;

		if (!ig_inside(column->validity, (map->from_rows + 7) / 8, capacity))
			return -EPROTO;
		copy->validity = heap_take(heap, bytes);
		if (!copy->validity)
			return -ENOSPC;
		bits = heap->region + copy->validity;
		memset(bits, 0, bytes);
		for (uint32_t i = 0; i < map->count; i++) {
			uint32_t to = mapped(map->to, i);

			bits[to / 8] |= (uint8_t)(ig_bit(region + column->validity, mapped(map->from, i)) << to % 8);
		}
	}
	copy->data_size = (uint32_t)(map->to_rows * size);
	copy->data = heap_take(heap, map->to_rows * size);
	if (!copy->data)
		return -ENOSPC;
	if (!width)
		return copy_views(heap, copy->data, region, capacity, column, map);
	copy_values(heap->region + copy->data, region + column->data, width, map);
	return 0;
}

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

static bool ranges_inside(const struct ig_projection *projection)
{
	const uint64_t row = ig_round8(projection->record_size);

	if (projection->range_count > 64 || projection->column_count > IG_MAX_COLUMNS)
		return false;
	for (uint32_t i = 0; i < projection->range_count; i++) {
		const struct ig_range *range = &projection->ranges[i];

		if (range->offset % 8 || range->size % 8 || !ig_inside(range->offset, range->size, row))
			return false;
	}
	return true;
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
	struct mapping map;
	struct heap heap;
	uint64_t next, stride;
	uint32_t count;
	bool identity;
	int error;

	*where = 0;
	if (!ranges_inside(projection))
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

	heap = (struct heap){ away, next, away_capacity };
	map = (struct mapping){ identity ? NULL : row_map, NULL, count, batch.row_count, count };
	for (uint32_t slot = 0; slot < projection->column_count; slot++) {
		struct ig_column column, copy;

		memcpy(&column, home + batch.columns + slot * sizeof(column), sizeof(column));
		if (!projection->wanted[slot])
			column.state = 0;
		error = copy_column(&heap, home, home_capacity, &column, projection->width[slot], &map, &copy);
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

int ig_batch_accept(uint8_t *home, uint32_t home_capacity, const uint8_t *away, uint32_t away_capacity,
		    const struct ig_projection *projection, const uint32_t *row_map, uint32_t rows, uint32_t *where)
{
	uint32_t picked[IG_MAX_ROWS], to[IG_MAX_ROWS];
	struct ig_column copies[IG_MAX_COLUMNS];
	struct ig_layout layout;
	struct ig_batch batch;
	struct mapping map;
	struct heap heap;
	uint64_t start;
	uint32_t selected;
	int error;

	*where = 0;
	if (rows > IG_MAX_ROWS || !ranges_inside(projection))
		return -EINVAL;
	error = ig_header_read(home, home_capacity, projection->record_size, &batch, where);
	if (error)
		return error;
	if (projection->column_count > batch.column_count)
		return ig_protocol_error(where, IG_WHERE(column_count));
	/* Where project put things; what away's header says about it by now does not matter. */
	if (!ig_layout_make(&layout, away_capacity, projection->column_count, rows))
		return -EINVAL;
	selected = ig_load32(away + IG_WHERE(selected));
	if (selected > rows)
		return ig_protocol_error(where, IG_WHERE(selected));
	/* Rows of different lengths (stride 0) take more room than this, but no less. */
	start = layout.rows - IG_RECORD_HEADER +
		(uint64_t)rows * (projection->all_rows && batch.stride ? batch.stride : IG_RECORD_HEADER + ig_round8(projection->record_size));
	if (!ig_inside(start, ig_load32(away + IG_WHERE(heap_used)), away_capacity))
		return ig_protocol_error(where, IG_WHERE(heap_used));
	if (ig_selection_read(away + layout.selection, selected, rows, picked))
		return ig_protocol_error(where, IG_WHERE(selection));
	for (uint32_t i = 0; i < selected; i++) {
		to[i] = row_map[picked[i]];
		if (to[i] >= batch.row_count)
			return -EINVAL;
	}

	/* Written beyond heap_used, so that nobody sees it until everything is known to be good. */
	heap = (struct heap){ home, (uint64_t)batch.heap + batch.heap_used, home_capacity };
	map = (struct mapping){ picked, to, selected, rows, batch.row_count };
	for (uint32_t slot = 0; slot < projection->column_count; slot++) {
		struct ig_column column;

		if (!projection->owned[slot])
			continue;
		memcpy(&column, away + layout.columns + slot * sizeof(column), sizeof(column));
		column.field = ig_load32(home + batch.columns + slot * sizeof(column));
		error = copy_column(&heap, away, away_capacity, &column, projection->width[slot], &map, &copies[slot]);
		if (error == -EPROTO)
			return ig_protocol_error(where, IG_WHERE_COLUMN(slot));
		if (error)
			return error;
	}
	for (uint32_t slot = 0; slot < projection->column_count; slot++) {
		if (projection->owned[slot])
			memcpy(home + batch.columns + slot * sizeof(copies[slot]), &copies[slot], sizeof(copies[slot]));
	}
	memcpy(home + batch.selection, to, 4ull * selected);
	ig_store32(home + IG_WHERE(selected), selected);
	ig_store32(home + IG_WHERE(heap_used), (uint32_t)(heap.next - batch.heap));
	return (int)selected;
}
