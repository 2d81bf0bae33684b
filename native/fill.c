// SPDX-License-Identifier: Apache-2.0
/*
 * Records into a batch, and back. A ring's record is an 8-byte header (length, busy and discard bits; 4 bytes of the
 * kernel's own) and a payload, padded to 8: a batch's row is the same bytes, so that filling is copying.
 */
#include <time.h>
#include <linux/bpf.h>
#include "internal.h"

#define LENGTH_MASK (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

/* Where records come from: a ring's data (masked), or plain memory (mask is all ones, start 0). */
struct reader {
	const uint8_t *data;
	unsigned long mask, position, end;
	bool damaged;
};

bool ig_layout_make(struct ig_layout *layout, uint32_t capacity, uint32_t column_count, uint32_t max_rows)
{
	uint64_t columns = sizeof(struct ig_batch);
	uint64_t selection = ig_round16(columns + (uint64_t)column_count * sizeof(struct ig_column));
	uint64_t row_offsets = selection + (uint64_t)max_rows * 4;
	uint64_t rows = ig_round16(row_offsets + (uint64_t)max_rows * 4 + IG_RECORD_HEADER);

	*layout = (struct ig_layout){ (uint32_t)columns, (uint32_t)selection, (uint32_t)row_offsets, (uint32_t)rows };
	return rows <= capacity;
}

/* What the next batch takes: found by looking at the headers of the records alone. */
struct extent {
	uint32_t rows;
	uint32_t length;  /* of every row's payload; of the longest when they differ */
	bool fixed;       /* no record is longer than the struct */
	bool alike;       /* they all have this length, and lie one behind the other */
	unsigned long end; /* where the last one ends */
};

/*
 * Records first measured, then copied: rows need no more room than the longest of them, and those of one length lie in
 * the source as they will lie in the batch, so that one memcpy takes them all. `ring` is a constant at every call, so that
 * each caller gets a copy without the other's checks. Passes by what is not for this batch at its start: discarded
 * records, and those that no region could hold. -ENOSPC: the first of records in memory is such a one.
 */
static inline __attribute__((always_inline)) int survey(struct reader *from, const bool ring, uint64_t room,
							uint64_t whole_room, const struct ig_batch_spec *spec,
							struct extent *extent, uint64_t *oversized)
{
	unsigned long position = from->position;
	uint64_t stride = IG_RECORD_HEADER + ig_round8(spec->fixed_size), scattered = 0;
	uint32_t first = 0;
	bool gap = false;

	*extent = (struct extent){ .length = spec->fixed_size, .fixed = true, .alike = true, .end = position };
	while (extent->rows < spec->max_rows && position != from->end) {
		const uint8_t *record = from->data + (position & from->mask);
		const bool fixed = extent->fixed;
		uint64_t step, wide, needed;
		uint32_t header, length;

		if (ring)
			header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		else if (from->end - position >= IG_RECORD_HEADER)
			header = ig_load32(record);
		else
			goto damaged;
		if (header & BPF_RINGBUF_BUSY_BIT) {
			if (ring)
				break;
			goto damaged;
		}
		length = header & LENGTH_MASK;
		step = IG_RECORD_HEADER + ig_round8(length);
		if (step > from->end - position)
			goto damaged;
		if (header & BPF_RINGBUF_DISCARD_BIT) {
			extent->end = position += step;
			if (!extent->rows)
				from->position = position;
			gap = true;
			continue;
		}
		wide = stride > step ? stride : step;
		scattered += IG_RECORD_HEADER + ig_round8(length > spec->record_size ? length : spec->record_size);
		needed = fixed && length <= spec->record_size ? (extent->rows + 1) * wide : scattered;
		if (needed > (extent->rows ? room : whole_room)) {
			if (extent->rows)
				break;
			if (!ring)
				return -ENOSPC;
			++*oversized;
			scattered = 0;
			from->position = extent->end = position += step;
			continue;
		}
		if (!extent->rows)
			first = length;
		else if (gap || length != first)
			extent->alike = false;
		gap = false;
		extent->fixed = fixed && length <= spec->record_size;
		if (length > extent->length)
			extent->length = length;
		stride = wide;
		extent->rows++;
		extent->end = position += step;
		continue;
damaged:
		from->damaged = true;
		break;
	}
	extent->alike &= extent->fixed && IG_RECORD_HEADER + ig_round8(first) == stride;
	return 0;
}

/* Rows of one stride, which all lie in the source as they will lie in the batch. */
static uint64_t copy_alike(const struct reader *from, const struct extent *extent, uint8_t *to)
{
	const uint8_t *records = from->data + (from->position & from->mask);
	const uint64_t stride = IG_RECORD_HEADER + ig_round8(extent->length);
	const uint32_t length = ig_load32(records) & LENGTH_MASK, padding = (uint32_t)(stride - IG_RECORD_HEADER - length);

	memcpy(to, records, extent->rows * stride);
	/* What follows a record in a ring is left from others, and text that is cut short ends at the row's end. */
	if (padding) {
		for (uint32_t i = 0; i < extent->rows; i++)
			memset(to + i * stride + IG_RECORD_HEADER + length, 0, padding);
	}
	return extent->rows * stride;
}

/* Any rows, from after the region's fixed parts on. row_offsets: NULL when they are of one length. */
static uint64_t copy_rows(const struct reader *from, const struct extent *extent, uint8_t *region, uint64_t start,
			  uint8_t *row_offsets, uint32_t least)
{
	unsigned long position = from->position;
	uint64_t next = start;

	for (uint32_t row = 0; row < extent->rows;) {
		const uint8_t *record = from->data + (position & from->mask);
		const uint32_t header = ig_load32(record), length = header & LENGTH_MASK;
		const uint64_t room = ig_round8(length > least ? length : least);

		position += IG_RECORD_HEADER + ig_round8(length);
		if (header & BPF_RINGBUF_DISCARD_BIT)
			continue;
		memcpy(region + next, record, IG_RECORD_HEADER + length);
		memset(region + next + IG_RECORD_HEADER + length, 0, room - length);
		if (row_offsets)
			ig_store32(row_offsets + 4ull * row, (uint32_t)(next + IG_RECORD_HEADER));
		next += IG_RECORD_HEADER + room;
		row++;
	}
	return next - start;
}

/* Returns rows, or -EINVAL for a spec that nothing fits, or -ENOSPC. */
static inline __attribute__((always_inline)) int fill(struct reader *from, const bool ring, uint8_t *region,
						      uint32_t capacity, const struct ig_batch_spec *spec,
						      uint64_t sequence, uint64_t lost, uint64_t *oversized)
{
	struct ig_layout layout;
	struct extent extent;
	struct timespec now;
	uint64_t next, room;
	uint32_t rows;
	int error;

	if (!spec->max_rows || spec->max_rows > IG_MAX_ROWS || spec->column_count > IG_MAX_COLUMNS ||
	    spec->fixed_size > spec->record_size || !ig_layout_make(&layout, capacity, spec->column_count, spec->max_rows))
		return -EINVAL;
	next = layout.rows - IG_RECORD_HEADER;
	room = capacity - next;
	error = survey(from, ring, spec->max_bytes < room ? spec->max_bytes : room, room, spec, &extent, oversized);
	if (error)
		return error;
	rows = extent.rows;
	if (!rows && ring)
		return 0;
	if (extent.alike)
		next += rows ? copy_alike(from, &extent, region + next) : 0;
	else if (extent.fixed)
		next += copy_rows(from, &extent, region, next, NULL, extent.length);
	else
		next += copy_rows(from, &extent, region, next, region + layout.row_offsets, spec->record_size);
	for (uint32_t i = 0; i < rows; i++)
		ig_store32(region + layout.selection + 4ull * i, i);
	from->position = extent.end;

	for (uint32_t slot = 0; slot < spec->column_count; slot++) {
		const struct ig_column absent = { .field = spec->fields[slot] };

		memcpy(region + layout.columns + slot * sizeof(absent), &absent, sizeof(absent));
	}
	clock_gettime(CLOCK_REALTIME, &now);
	const struct ig_batch batch = {
		.magic = IG_BATCH_MAGIC,
		.version = IG_BATCH_VERSION,
		.header_size = sizeof(batch),
		.data_source = spec->data_source,
		.flags = spec->flags,
		.capacity = capacity,
		.row_count = rows,
		.stride = extent.fixed ? (uint32_t)(IG_RECORD_HEADER + ig_round8(extent.length)) : 0,
		.rows = layout.rows,
		.rows_size = rows ? (uint32_t)(next - layout.rows) : 0,
		.row_offsets = extent.fixed ? 0 : layout.row_offsets,
		.selection = layout.selection,
		.selected = rows,
		.columns = layout.columns,
		.column_count = spec->column_count,
		.heap = (uint32_t)next,
		.sequence = sequence,
		.lost = lost,
		.boot_offset = spec->boot_offset,
		.mono_offset = spec->mono_offset,
		.drained_at = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
	};
	memcpy(region, &batch, sizeof(batch));
	return (int)rows;
}

int ig_ring_read(struct ig_ring *ring, uint8_t *region, uint32_t capacity, const struct ig_batch_spec *spec,
		 uint64_t sequence, uint64_t lost, uint64_t *oversized)
{
	struct reader from = {
		.data = ring->data,
		.mask = ring->mask,
		.position = ring->cursor,
		.end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE),
	};
	bool alone = ring->cursor == ring->committed;
	int rows = fill(&from, true, region, capacity, spec, sequence, lost, oversized);

	if (rows < 0)
		return rows;
	if (from.damaged && !rows)
		return -EIO;
	if (ring->cursor == from.position)
		return rows;
	ring->cursor = from.position;
	/* Only discarded or oversized records: free their room now, for nobody will commit a batch without rows. */
	if (!rows && alone)
		ig_ring_publish(ring);
	return rows;
}

int ig_records_fill(const uint8_t *records, uint64_t size, uint64_t *consumed, uint8_t *region, uint32_t capacity,
		    const struct ig_batch_spec *spec, uint64_t sequence, uint64_t lost)
{
	struct reader from = { .data = records, .mask = ~0ul, .end = size };
	uint64_t oversized = 0;
	int rows = fill(&from, false, region, capacity, spec, sequence, lost, &oversized);

	*consumed = from.position;
	return !rows && from.damaged ? -EPROTO : rows;
}

int64_t ig_records_pack(const uint8_t *region, uint32_t capacity, uint8_t *records, uint64_t size)
{
	uint64_t written = 0;
	struct ig_batch batch;
	uint32_t where;
	int error = ig_header_read(region, capacity, 0, &batch, &where);

	if (error)
		return error;
	for (uint32_t row = 0; row < batch.row_count; row++) {
		uint64_t at = batch.stride ? batch.rows + (uint64_t)row * batch.stride
					   : ig_load32(region + batch.row_offsets + 4ull * row);
		uint32_t length;

		if (at < IG_RECORD_HEADER || at > capacity)
			return -EPROTO;
		length = ig_load32(region + at - IG_RECORD_HEADER) & LENGTH_MASK;
		if (!ig_inside(at, length, capacity) || (batch.stride && length > batch.stride - IG_RECORD_HEADER))
			return -EPROTO;
		if (IG_RECORD_HEADER + ig_round8(length) > size - written)
			return -ENOSPC;
		ig_store32(records + written, length);
		ig_store32(records + written + 4, 0);
		written += IG_RECORD_HEADER;
		memcpy(records + written, region + at, length);
		memset(records + written + length, 0, ig_round8(length) - length);
		written += ig_round8(length);
	}
	return (int64_t)written;
}
