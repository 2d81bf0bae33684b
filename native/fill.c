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

/*
 * How many records from here on, at most `most`, have this very header: finished and of one length. They lie in the
 * ring as they will lie in the batch, and one memcpy takes them all; it is a third faster than one for each.
 */
static inline uint32_t run_length(const uint8_t *record, uint64_t stride, uint32_t header, uint64_t most)
{
	uint32_t length = 1;

	while (length < most && __atomic_load_n((const uint32_t *)(record + length * stride), __ATOMIC_ACQUIRE) == header)
		length++;
	return length;
}

static inline uint64_t least(uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * The loop that everything else is built around. `ring` is a constant at every call, so that each caller gets a copy
 * without the other's checks. Returns rows, or -EINVAL for a spec that nothing fits.
 */
static inline __attribute__((always_inline)) int fill(struct reader *from, const bool ring, uint8_t *region,
						      uint32_t capacity, const struct ig_batch_spec *spec,
						      uint64_t sequence, uint64_t lost, uint64_t *oversized)
{
	const uint64_t stride = IG_RECORD_HEADER + ig_round8(spec->record_size);
	uint32_t rows = 0, max_rows = spec->max_rows, longest = spec->record_size;
	struct ig_layout layout;
	struct timespec now;
	uint64_t next, limit;
	bool fixed = true;

	if (!max_rows || max_rows > IG_MAX_ROWS || spec->column_count > IG_MAX_COLUMNS ||
	    !ig_layout_make(&layout, capacity, spec->column_count, max_rows))
		return -EINVAL;
	next = layout.rows - IG_RECORD_HEADER;
	limit = next + spec->max_bytes < capacity ? next + spec->max_bytes : capacity;

	while (rows < max_rows && from->position != from->end) {
		const uint8_t *record = from->data + (from->position & from->mask);
		uint32_t header, length;
		uint64_t step, room;

		if (ring)
			header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		else if (from->end - from->position >= IG_RECORD_HEADER)
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
		if (step > from->end - from->position)
			goto damaged;
		if (header & BPF_RINGBUF_DISCARD_BIT) {
			from->position += step;
			continue;
		}
		if (ring && length == longest && length + IG_RECORD_HEADER == stride && fixed && next + stride <= limit) {
			const uint64_t most = least(max_rows - rows, (from->end - from->position) / stride, (limit - next) / stride);
			const uint32_t run = run_length(record, stride, header, most);

			memcpy(region + next, record, run * stride);
			for (uint32_t i = 0; i < run; i++)
				ig_store32(region + layout.selection + 4ull * (rows + i), rows + i);
			next += run * stride;
			from->position += run * stride;
			rows += run;
			continue;
		}
		room = length <= longest ? stride : step;
		if (next + room > limit) {
			if (rows)
				break;
			if (next + room > capacity) {
				if (!ring)
					return -ENOSPC;
				++*oversized;
				from->position += step;
				continue;
			}
		}
		if (__builtin_expect(length > longest && fixed, 0)) {
			fixed = false;
			for (uint32_t i = 0; i < rows; i++)
				ig_store32(region + layout.row_offsets + 4ull * i, (uint32_t)(layout.rows + i * stride));
		}
		memcpy(region + next, record, IG_RECORD_HEADER + length);
		if (length != room - IG_RECORD_HEADER)
			memset(region + next + IG_RECORD_HEADER + length, 0, room - IG_RECORD_HEADER - length);
		if (!fixed)
			ig_store32(region + layout.row_offsets + 4ull * rows, (uint32_t)(next + IG_RECORD_HEADER));
		ig_store32(region + layout.selection + 4ull * rows, rows);
		next += room;
		from->position += step;
		rows++;
		continue;
damaged:
		from->damaged = true;
		break;
	}
	if (!rows && ring)
		return 0;

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
		.stride = fixed ? (uint32_t)stride : 0,
		.rows = layout.rows,
		.rows_size = rows ? (uint32_t)(next - layout.rows) : 0,
		.row_offsets = fixed ? 0 : layout.row_offsets,
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
