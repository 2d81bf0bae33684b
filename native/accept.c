// SPDX-License-Identifier: Apache-2.0
/* Away to home: what is taken back from an operator. */
#include "internal.h"

int ig_batch_accept(uint8_t *home, uint32_t home_capacity, const uint8_t *away, uint32_t away_capacity,
		    const struct ig_projection *projection, const uint32_t *row_map, uint32_t rows, uint32_t *where)
{
	/* Not on the stack: koffi's of a thread that ends is never given back. */
	static _Thread_local uint32_t picked[IG_MAX_AWAY_ROWS], to[IG_MAX_AWAY_ROWS];
	struct ig_column copies[IG_MAX_COLUMNS];
	struct ig_layout layout;
	struct ig_batch batch;
	struct ig_mapping map;
	struct ig_heap heap;
	uint64_t start;
	uint32_t selected;
	int error;

	*where = 0;
	if (rows > IG_MAX_AWAY_ROWS || !ig_projection_valid(projection))
		return -EINVAL;
	error = ig_header_read(home, home_capacity, projection->fixed_size, &batch, where);
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
	start = layout.rows - IG_RECORD_HEADER + (uint64_t)rows * (IG_RECORD_HEADER + ig_round8(projection->record_size));
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
	heap = (struct ig_heap){ home, (uint64_t)batch.heap + batch.heap_used, home_capacity };
	map = (struct ig_mapping){ picked, to, selected, rows, batch.row_count };
	for (uint32_t slot = 0; slot < projection->column_count; slot++) {
		struct ig_column column;

		if (!projection->owned[slot])
			continue;
		memcpy(&column, away + layout.columns + slot * sizeof(column), sizeof(column));
		column.field = ig_load32(home + batch.columns + slot * sizeof(column));
		error = ig_column_copy(&heap, away, away_capacity, &column, projection->width[slot], &map, &copies[slot]);
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
