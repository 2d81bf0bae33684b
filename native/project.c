// SPDX-License-Identifier: Apache-2.0
/* Home to away: what an operator gets to see of a batch. */
#include "internal.h"

/* Ranges up to this many bytes are copied word by word, longer ones in blocks. */
#define LONG_RANGE 64
#define BLOCK 32

/* A text that an operator asked to see: size bytes of it at most are in home's rows, of a field of `field` bytes. */
struct text {
	uint32_t offset, size, field;
};

/* What travels of a row: the places of words of 8 bytes, ranges that are longer, and texts up to their NUL. */
struct pieces {
	uint32_t record_size;
	uint32_t word_count, long_count, text_count;
	uint32_t words[IG_MAX_RANGES * LONG_RANGE / 8];
	struct ig_range longs[IG_MAX_RANGES];
	struct text texts[IG_MAX_RANGES];
};

/* payload: bytes that home's rows have. */
static void pieces_make(struct pieces *pieces, const struct ig_projection *projection, uint32_t payload)
{
	pieces->record_size = projection->record_size;
	pieces->word_count = pieces->long_count = 0;
	pieces->text_count = projection->text_count;
	for (uint32_t r = 0; r < projection->range_count; r++) {
		const struct ig_range range = projection->ranges[r];

		if (range.size > LONG_RANGE) {
			pieces->longs[pieces->long_count++] = range;
			continue;
		}
		for (uint32_t at = range.offset; at < range.offset + range.size; at += 8)
			pieces->words[pieces->word_count++] = at;
	}
	for (uint32_t t = 0; t < projection->text_count; t++) {
		const struct ig_range range = projection->texts[t];
		const uint32_t left = range.offset < payload ? payload - range.offset : 0;

		pieces->texts[t] = (struct text){ range.offset, range.size < left ? range.size : left, range.size };
	}
}

static inline void copy_long(uint8_t *to, const uint8_t *from, uint32_t size)
{
	while (size >= BLOCK) {
		memcpy(to, from, BLOCK);
		to += BLOCK;
		from += BLOCK;
		size -= BLOCK;
	}
	for (; size; size -= 8, to += 8, from += 8)
		memcpy(to, from, 8);
}

/* Up to the first NUL, and to the end of its word; a text that home has only the beginning of gets its NUL. */
static inline __attribute__((always_inline)) void copy_text(uint8_t *to, const uint8_t *from, const struct text *text)
{
	uint32_t at = 0;

	for (; at + 8 <= text->size; at += 8) {
		uint64_t word;

		memcpy(&word, from + at, 8);
		memcpy(to + at, &word, 8);
		/* A byte is zero where the subtraction borrows into a clear top bit. */
		if ((word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull)
			return;
	}
	for (; at < text->size; at++) {
		to[at] = from[at];
		if (!from[at])
			return;
	}
	if (at < text->field)
		to[at] = 0;
}

/* Header and pieces of one row. */
static inline __attribute__((always_inline)) void copy_row(uint8_t *to, const uint8_t *row, const struct pieces *pieces,
							   const uint32_t word_count, const uint32_t long_count,
							   const uint32_t text_count)
{
	const uint32_t length = ig_load32(row - IG_RECORD_HEADER);

	ig_store32(to - IG_RECORD_HEADER, length > pieces->record_size ? pieces->record_size : length);
	for (uint32_t i = 0; i < word_count; i++)
		memcpy(to + pieces->words[i], row + pieces->words[i], 8);
	for (uint32_t i = 0; i < long_count; i++)
		copy_long(to + pieces->longs[i].offset, row + pieces->longs[i].offset, pieces->longs[i].size);
	for (uint32_t i = 0; i < text_count; i++)
		copy_text(to + pieces->texts[i].offset, row + pieces->texts[i].offset, &pieces->texts[i]);
}

struct rows {
	uint8_t *to;
	const uint8_t *from;
	uint64_t to_stride, from_stride;
	const uint32_t *map;
	uint32_t count;
};

static inline __attribute__((always_inline)) void copy_each_row(const struct rows *rows, const struct pieces *pieces,
								const uint32_t word_count, const uint32_t long_count,
								const uint32_t text_count)
{
	uint8_t *to = rows->to;

	for (uint32_t i = 0; i < rows->count; i++, to += rows->to_stride)
		copy_row(to, rows->from + rows->map[i] * rows->from_stride, pieces, word_count, long_count, text_count);
}

static void copy_rows(const struct rows *rows, const struct pieces *pieces)
{
	/* A filter looks at a field or three: then nothing is left of the inner loops. */
	switch (pieces->long_count || pieces->text_count > 1 ? ~0u : pieces->word_count * 2 + pieces->text_count) {
	case 0: copy_each_row(rows, pieces, 0, 0, 0); break;
	case 1: copy_each_row(rows, pieces, 0, 0, 1); break;
	case 2: copy_each_row(rows, pieces, 1, 0, 0); break;
	case 3: copy_each_row(rows, pieces, 1, 0, 1); break;
	case 4: copy_each_row(rows, pieces, 2, 0, 0); break;
	case 5: copy_each_row(rows, pieces, 2, 0, 1); break;
	default: copy_each_row(rows, pieces, pieces->word_count, pieces->long_count, pieces->text_count);
	}
}

/* Rows as they are; what home's are shorter is zeros. */
static void copy_whole_rows(const struct rows *rows, uint64_t payload)
{
	const uint64_t size = IG_RECORD_HEADER + payload;

	for (uint32_t i = 0; i < rows->count; i++) {
		uint8_t *to = rows->to - IG_RECORD_HEADER + i * rows->to_stride;

		memcpy(to, rows->from - IG_RECORD_HEADER + rows->map[i] * rows->from_stride, size);
		memset(to + size, 0, rows->to_stride - size);
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
			copy_row(away + *next + IG_RECORD_HEADER, home + at, pieces, pieces->word_count, pieces->long_count,
				 pieces->text_count);
		}
		*next += IG_RECORD_HEADER + size;
	}
	return 0;
}

int ig_batch_project(const uint8_t *home, uint32_t home_capacity, uint8_t *away, uint32_t away_capacity,
		     const struct ig_projection *projection, uint32_t *row_map, uint32_t *where)
{
	const uint64_t row = ig_round8(projection->record_size);
	struct ig_batch batch, result;
	struct ig_layout layout;
	struct pieces pieces;
	struct ig_mapping map;
	struct ig_heap heap;
	uint64_t next, stride, payload;
	uint32_t count;
	bool identity;
	int error;

	*where = 0;
	if (!ig_projection_valid(projection))
		return -EINVAL;
	error = ig_header_read(home, home_capacity, projection->fixed_size, &batch, where);
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
	next = layout.rows - IG_RECORD_HEADER;
	stride = IG_RECORD_HEADER + row;
	payload = batch.stride && batch.stride < stride ? batch.stride - IG_RECORD_HEADER : row;
	pieces_make(&pieces, projection, (uint32_t)payload);
	if (!batch.stride) {
		error = copy_variable_rows(home, home_capacity, &batch, away, away_capacity, &layout, projection, &pieces,
					   row_map, &next);
		if (error == -EPROTO)
			return ig_protocol_error(where, IG_WHERE(row_offsets));
		if (error)
			return error;
		if (projection->all_rows)
			stride = 0;
	} else {
		const struct rows rows = { away + layout.rows, home + batch.rows, stride, batch.stride, row_map, count };

		if (!ig_inside(next, count * stride, away_capacity))
			return -ENOSPC;
		if (projection->range_count + projection->text_count || !projection->all_rows)
			copy_rows(&rows, &pieces);
		else
			copy_whole_rows(&rows, payload);
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
