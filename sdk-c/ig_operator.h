/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators for ig in C, without a C library: what docs/operator-abi.md says, as declarations and a few inline functions.
 * Layouts are in ig_batch.h. `ig operator build` compiles with clang for wasm32 and attaches manifest.json.
 */
#ifndef IG_OPERATOR_H
#define IG_OPERATOR_H

#include <stddef.h>
#include <stdint.h>
#include "ig_batch.h"

/* WASI errno numbers that the ABI uses. */
enum ig_errno { IG_EINVAL = 28, IG_ENOENT = 44, IG_ENOMEM = 48, IG_ENOSPC = 51, IG_EPROTO = 65, IG_ENOTCAPABLE = 76 };
enum ig_level { IG_ERROR, IG_WARN, IG_INFO, IG_DEBUG };

#define IG_EXPORT(name) __attribute__((export_name(#name)))
#define IG_IMPORT(name) __attribute__((import_module("ig"), import_name(#name)))

IG_IMPORT(log) int ig_log_(int level, const char *text, uint32_t size);
IG_IMPORT(field_add) int ig_field_add(uint32_t source, int parent, const char *name, uint32_t size, uint32_t kind, uint32_t flags);
IG_IMPORT(field_slot) int ig_field_slot(uint32_t source, uint32_t field);
IG_IMPORT(field_want) int ig_field_want(uint32_t source, uint32_t field);
IG_IMPORT(field_override) int ig_field_override(uint32_t source, uint32_t field, uint32_t kind);
IG_IMPORT(field_annotate) int ig_field_annotate(uint32_t source, uint32_t field, const char *key, uint32_t key_size, const char *value, uint32_t value_size);
IG_IMPORT(field_tag) int ig_field_tag(uint32_t source, uint32_t field, const char *tag, uint32_t size);
IG_IMPORT(field_hide) int ig_field_hide(uint32_t source, uint32_t field, int hidden);

/* A data source of the operator's own (capability emit:NAME): its fields, and in batch, start, tick and stop its rows, in bulk. type: 1 events, 2 snapshots. */
IG_IMPORT(source_add) int ig_source_add(const char *name, uint32_t size, uint32_t type, uint32_t record_size);
IG_IMPORT(source_annotate) int ig_source_annotate(uint32_t source, const char *key, uint32_t key_size, const char *value, uint32_t value_size);
IG_IMPORT(source_field) int ig_source_field(uint32_t source, int parent, const char *name, uint32_t name_size, uint32_t kind, uint32_t flags, uint32_t offset, uint32_t size);
IG_IMPORT(emit) int ig_emit(uint32_t source, const void *rows, uint32_t count, uint32_t stride);

/* Metrics (capability metric). kind: 0 counter, 1 gauge, 2 histogram. */
IG_IMPORT(metric_add) int ig_metric_add(uint32_t kind, const char *name, uint32_t name_size, const char *unit, uint32_t unit_size);
IG_IMPORT(metric_record) int ig_metric_record(uint32_t metric, double value);
IG_IMPORT(metric_record_all) int ig_metric_record_all(uint32_t metric, const double *values, uint32_t count);

/* The gadget's BPF maps (capability map:NAME, map:NAME:rw). Keys and values have the sizes that ig_map_open says. */
struct ig_map_info { uint32_t type, key_size, value_size, max_entries, writable, reserved[3]; };
IG_IMPORT(map_open) int ig_map_open(const char *name, uint32_t size, struct ig_map_info *info);
IG_IMPORT(map_lookup) int ig_map_lookup(uint32_t map, const void *key, void *value);
IG_IMPORT(map_update) int ig_map_update(uint32_t map, const void *key, const void *value, uint32_t flags);
IG_IMPORT(map_delete) int ig_map_delete(uint32_t map, const void *key);
IG_IMPORT(map_read) int ig_map_read(uint32_t map, const void *after, void *entries, uint32_t size);

/* Once per module: its ABI version, and ig_alloc. Memory that the host gets is the host's for good, so handing it out is counting up. */
#define IG_OPERATOR_MODULE()                                                                                           \
	IG_EXPORT(ig_abi_v1) void ig_abi_v1(void) {}                                                                   \
	IG_EXPORT(ig_alloc) void *ig_alloc(uint32_t size) { return ig_take(size); }                                    \
	/* The compiler calls these where it copies and clears structs. */                                             \
	void *memcpy(void *to, const void *from, size_t size) { return ig_copy(to, from, size); }                      \
	void *memset(void *to, int byte, size_t size)                                                                  \
	{                                                                                                              \
		for (volatile char *at = to; size > 0; size--)                                                         \
			*at++ = (char)byte;                                                                            \
		return to;                                                                                             \
	}

extern unsigned char __heap_base;

/* Memory that is never given back, aligned to 16; NULL when there is no more. */
static inline void *ig_take(uint32_t size)
{
	static uint32_t used;
	uint32_t start = (uint32_t)&__heap_base + used;
	uint64_t at = ((uint64_t)start + 15) & ~15ull;
	uint64_t end = at + size;
	uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) << 16;
	if (end > UINT32_MAX || (end > have && __builtin_wasm_memory_grow(0, (uint32_t)((end - have + 65535) >> 16)) == (size_t)-1))
		return NULL;
	used += (uint32_t)end - start;
	return (void *)(uint32_t)at;
}

static inline void *ig_copy(void *to, const void *from, size_t size)
{
	const volatile char *source = from;
	for (char *at = to; size > 0; size--)
		*at++ = *source++;
	return to;
}

static inline uint32_t ig_size(const char *text)
{
	uint32_t size = 0;
	while (text[size])
		size++;
	return size;
}

static inline void ig_log(enum ig_level level, const char *text)
{
	ig_log_(level, text, ig_size(text));
}

/* Copies a text behind what is in a buffer, as far as there is room. @return what is in it then */
static inline uint32_t ig_append(char *to, uint32_t used, uint32_t room, const char *text)
{
	for (; *text && used < room; text++)
		to[used++] = *text;
	return used;
}

/* What an offset of a table or a region points to. */
#define IG_AT(base, offset) ((void *)((uint32_t)(base) + (offset)))

static inline int ig_is(const struct ig_init *table, struct ig_string found, const char *wanted)
{
	const char *text = IG_AT(table, found.offset);
	for (uint32_t i = 0; i < found.size; i++)
		if (text[i] != wanted[i])
			return 0; /* at the latest at the NUL of `wanted` */
	return wanted[found.size] == 0;
}

/* A field that was looked up. */
struct ig_handle {
	uint32_t source; /* id of its data source */
	uint32_t kind;   /* enum ig_kind */
	uint32_t offset; /* in the row */
	uint32_t size;
	int32_t slot; /* of its column; -1: it is in the row */
};

/* Looks a field up and asks the host to fill it in. @return 0, or an errno, after a line in the log. For ig_init. */
static inline int ig_find(const struct ig_init *table, const char *source, const char *name, struct ig_handle *found)
{
	const struct ig_data_source *sources = IG_AT(table, table->data_sources);
	const struct ig_field *fields = IG_AT(table, table->fields);
	for (uint32_t ds = 0; ds < table->data_source_count; ds++) {
		if (!ig_is(table, sources[ds].name, source))
			continue;
		for (uint32_t i = 0; i < sources[ds].field_count; i++) {
			const struct ig_field *field = &fields[sources[ds].first_field + i];
			if (!ig_is(table, field->name, name))
				continue;
			*found = (struct ig_handle){ ds, field->kind, field->offset, field->size, field->slot };
			return ig_field_want(ds, field->id) < 0 ? IG_EINVAL : 0;
		}
	}
	char text[256];
	uint32_t used = ig_append(text, 0, sizeof(text), "no field ");
	used = ig_append(text, used, sizeof(text), name);
	used = ig_append(text, used, sizeof(text), " in a data source ");
	used = ig_append(text, used, sizeof(text), source);
	ig_log_(IG_ERROR, text, used);
	return IG_ENOENT;
}

/* Copies the value of a parameter, cut off at `room`. @return its size, 0 when there is none. For ig_init. */
static inline uint32_t ig_param(const struct ig_init *table, const char *key, char *to, uint32_t room)
{
	const struct ig_pair *params = IG_AT(table, table->params);
	for (uint32_t i = 0; i < table->param_count; i++) {
		if (!ig_is(table, params[i].key, key))
			continue;
		uint32_t size = params[i].value.size < room ? params[i].value.size : room;
		ig_copy(to, IG_AT(table, params[i].value.offset), size);
		return size;
	}
	return 0;
}

/* Row numbers that are in play: batch->selected of them. A filter moves those that it keeps to the front and lowers batch->selected. */
static inline uint32_t *ig_selection(const struct ig_batch *batch)
{
	return IG_AT(batch, batch->selection);
}

/* Bytes of a value of a fixed-size kind. */
static inline uint32_t ig_width(uint32_t kind)
{
	static const uint8_t widths[] = { 0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8 };
	return kind < sizeof(widths) ? widths[kind] : 0;
}

/* The bytes of a value, in the batch; `data` is NULL when the row has none. */
struct ig_value {
	const char *data;
	uint32_t size; /* of a cstring in a row: room for it, with the NUL that ends it */
};

static inline struct ig_value ig_value(const struct ig_batch *batch, const struct ig_handle *field, uint32_t row)
{
	if (field->slot < 0) {
		const uint32_t *offsets = IG_AT(batch, batch->row_offsets);
		uint32_t at = batch->stride ? batch->rows + row * batch->stride : offsets[row];
		return (struct ig_value){ IG_AT(batch, at + field->offset), field->size };
	}
	const struct ig_column *columns = IG_AT(batch, batch->columns);
	const struct ig_column *column = &columns[field->slot];
	const uint8_t *valid = IG_AT(batch, column->validity);
	if (!column->state || (column->validity && !(valid[row / 8] >> (row % 8) & 1)))
		return (struct ig_value){ NULL, 0 };
	if (field->kind == IG_KIND_STRING || field->kind == IG_KIND_BYTES || field->kind >= IG_KIND_ARRAY) {
		const struct ig_view *views = IG_AT(batch, column->data);
		return (struct ig_value){ IG_AT(batch, views[row].offset), views[row].size };
	}
	uint32_t width = ig_width(field->kind);
	return (struct ig_value){ IG_AT(batch, column->data + row * width), width };
}

/* Unsigned values of 1, 2, 4 and 8 bytes; 0 when there is none. */
static inline uint64_t ig_uint(const struct ig_batch *batch, const struct ig_handle *field, uint32_t row)
{
	struct ig_value value = ig_value(batch, field, row);
	switch (value.data ? value.size : 0) {
	case 1: return *(const uint8_t *)value.data;
	case 2: return *(const uint16_t *)value.data;
	case 4: return *(const uint32_t *)value.data;
	case 8: return *(const uint64_t *)value.data;
	default: return 0;
	}
}

/* Whether a text begins with these bytes, none of which is NUL. */
static inline int ig_starts_with(struct ig_value value, const char *prefix, uint32_t size)
{
	if (!value.data || size > value.size)
		return 0;
	for (uint32_t i = 0; i < size; i++)
		if (value.data[i] != prefix[i])
			return 0;
	return 1;
}

#endif
