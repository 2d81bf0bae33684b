// SPDX-License-Identifier: Apache-2.0
/* What is taken from a region that a guest could write: copied once, checked, and only then used. */
#include <stdlib.h>

#include "internal.h"

int ig_header_read(const uint8_t *region, uint32_t capacity, uint32_t fixed_size, struct ig_batch *batch,
		   uint32_t *where)
{
	const uint64_t row = ig_round8(fixed_size);

	if (capacity < sizeof(*batch))
		return ig_protocol_error(where, IG_WHERE(capacity));
	memcpy(batch, region, sizeof(*batch));
	if (batch->magic != IG_BATCH_MAGIC)
		return ig_protocol_error(where, IG_WHERE(magic));
	if (batch->row_count > IG_MAX_ROWS)
		return ig_protocol_error(where, IG_WHERE(row_count));
	if (batch->stride) {
		uint64_t last = batch->row_count ? (uint64_t)(batch->row_count - 1) * batch->stride : 0;

		if (batch->stride % 8 || batch->stride < IG_RECORD_HEADER + row)
			return ig_protocol_error(where, IG_WHERE(stride));
		if (batch->row_count && (batch->rows < IG_RECORD_HEADER ||
					 !ig_inside(batch->rows + last, batch->stride - IG_RECORD_HEADER, capacity)))
			return ig_protocol_error(where, IG_WHERE(rows));
	} else if (!ig_inside(batch->row_offsets, 4ull * batch->row_count, capacity)) {
		return ig_protocol_error(where, IG_WHERE(row_offsets));
	}
	if (!ig_inside(batch->selection, 4ull * batch->row_count, capacity))
		return ig_protocol_error(where, IG_WHERE(selection));
	if (batch->selected > batch->row_count)
		return ig_protocol_error(where, IG_WHERE(selected));
	if (batch->column_count > IG_MAX_COLUMNS)
		return ig_protocol_error(where, IG_WHERE(column_count));
	if (!ig_inside(batch->columns, batch->column_count * sizeof(struct ig_column), capacity))
		return ig_protocol_error(where, IG_WHERE(columns));
	if (batch->heap % 8 || batch->heap > capacity)
		return ig_protocol_error(where, IG_WHERE(heap));
	if (batch->heap_used > capacity - batch->heap)
		return ig_protocol_error(where, IG_WHERE(heap_used));
	return 0;
}

int ig_selection_read(const uint8_t *selection, uint32_t count, uint32_t rows, uint32_t *picked)
{
	uint64_t seen[IG_MAX_ROWS / 64];
	bool rising = true;

	/* Read once: what is checked is the copy. */
	memcpy(picked, selection, 4ull * count);
	if (!count)
		return 0;
	/* Nearly always rows were taken out and not moved: then none can repeat, and the last is the greatest. */
	for (uint32_t i = 1; i < count; i++)
		rising &= picked[i - 1] < picked[i];
	if (rising)
		return picked[count - 1] < rows ? 0 : -EPROTO;
	memset(seen, 0, (rows + 63) / 64 * sizeof(*seen));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = picked[i];

		if (row >= rows || seen[row / 64] >> row % 64 & 1)
			return -EPROTO;
		seen[row / 64] |= 1ull << row % 64;
	}
	return 0;
}

bool ig_projection_valid(const struct ig_projection *projection)
{
	/* Of ranges all has to be in every row. */
	const uint64_t row = ig_round8(projection->fixed_size);

	if (projection->range_count > IG_MAX_RANGES || projection->text_count > IG_MAX_RANGES ||
	    projection->column_count > IG_MAX_COLUMNS || projection->fixed_size > projection->record_size)
		return false;
	for (uint32_t i = 0; i < projection->range_count; i++) {
		const struct ig_range *range = &projection->ranges[i];

		if (range->offset % 8 || range->size % 8 || !ig_inside(range->offset, range->size, row))
			return false;
	}
	for (uint32_t i = 0; i < projection->text_count; i++) {
		const struct ig_range *text = &projection->texts[i];

		if (!text->size || !ig_inside(text->offset, text->size, projection->record_size))
			return false;
	}
	return true;
}

/* Values of column slot, for the picked rows; the descriptor is inside of the region. */
static int check_column(const uint8_t *region, uint32_t capacity, const uint8_t *descriptor, uint32_t width,
			uint32_t rows, const uint32_t *picked, uint32_t count)
{
	const uint64_t size = (uint64_t)rows * (width ? width : sizeof(struct ig_view));
	struct ig_column column;

	memcpy(&column, descriptor, sizeof(column));
	if (!column.state)
		return 0;
	if (column.state != 1 || column.data_size < size || !ig_inside(column.data, size, capacity))
		return -EPROTO;
	if (column.validity && !ig_inside(column.validity, (rows + 7) / 8, capacity))
		return -EPROTO;
	if (width)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		struct ig_view view;

		if (column.validity && !ig_bit(region + column.validity, picked[i]))
			continue;
		memcpy(&view, region + column.data + 8ull * picked[i], sizeof(view));
		if (!ig_inside(view.offset, view.size, capacity))
			return -EPROTO;
	}
	return 0;
}

int ig_batch_check(const uint8_t *home, uint32_t capacity, const struct ig_projection *projection, uint32_t rows,
		   uint32_t *where)
{
	/* Not on the stack, as in accept.c. */
	static _Thread_local uint32_t few[IG_MAX_AWAY_ROWS];
	uint32_t *picked = few;
	struct ig_batch batch;
	int result = ig_header_read(home, capacity, projection->fixed_size, &batch, where);

	if (result)
		return result;
	if (batch.row_count != rows)
		return ig_protocol_error(where, IG_WHERE(row_count));
	if (projection->column_count > batch.column_count)
		return ig_protocol_error(where, IG_WHERE(column_count));
	/* Snapshots like these are rare. */
	if (batch.selected > IG_MAX_AWAY_ROWS && !(picked = malloc(4ull * batch.selected)))
		return -ENOMEM;
	result = (int)batch.selected;
	if (ig_selection_read(home + batch.selection, batch.selected, rows, picked))
		result = ig_protocol_error(where, IG_WHERE(selection));
	for (uint32_t slot = 0; slot < projection->column_count && result >= 0; slot++) {
		if (projection->owned[slot] &&
		    check_column(home, capacity, home + batch.columns + slot * sizeof(struct ig_column),
				 projection->width[slot], rows, picked, batch.selected))
			result = ig_protocol_error(where, IG_WHERE_COLUMN(slot));
	}
	if (picked != few)
		free(picked);
	return result;
}
