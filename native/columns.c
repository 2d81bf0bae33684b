// SPDX-License-Identifier: Apache-2.0
/* Column data from one region into the heap of another. */
#include "internal.h"

/* Returns the offset of size new bytes, 8-aligned, or 0. */
static uint32_t heap_take(struct ig_heap *heap, uint64_t size)
{
	uint64_t at = ig_round8(heap->next);

	if (!ig_inside(at, size, heap->end))
		return 0;
	heap->next = at + size;
	return (uint32_t)at;
}

static inline uint32_t mapped(const uint32_t *rows, uint32_t i)
{
	return rows ? rows[i] : i;
}

static inline __attribute__((always_inline)) void copy_each(uint8_t *to, const uint8_t *from, uint32_t width,
							    const struct ig_mapping *map)
{
	for (uint32_t i = 0; i < map->count; i++)
		memcpy(to + (uint64_t)mapped(map->to, i) * width, from + (uint64_t)mapped(map->from, i) * width, width);
}

static void copy_values(uint8_t *to, const uint8_t *from, uint32_t width, const struct ig_mapping *map)
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

static int copy_views(struct ig_heap *heap, uint32_t data, const uint8_t *region, uint32_t capacity,
		      const struct ig_column *column, const struct ig_mapping *map)
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

int ig_column_copy(struct ig_heap *heap, const uint8_t *region, uint32_t capacity, const struct ig_column *column,
		   uint32_t width, const struct ig_mapping *map, struct ig_column *copy)
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
