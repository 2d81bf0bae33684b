/*
 * A filter on two fields in C, for WASI, without an SDK: keeps the opens of files below `prefix`, of process `pid` if that is given.
 *
 *     clang --target=wasm32-wasi -mexec-model=reactor -O2 filter.c -o filter.wasm
 *     ig run trace_open --wasm-operator filter.wasm,prefix=/etc
 *
 * docs/operator-abi.md is the contract; docs/operator-doors.md says what of WASI there is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(name) __attribute__((import_module("ig"), import_name(#name)))

enum { ENOENT_WASI = 44, MAX_SOURCES = 8 };

IMPORT(field_want) int32_t field_want(uint32_t ds, uint32_t field);

/* The init table. */
struct list {
	uint32_t count, offset;
};
struct table {
	uint32_t magic, size;
	struct list sources, fields, annotations, tags, params;
	uint32_t region, reserved[3];
};
struct string {
	uint32_t offset, size;
};
struct source {
	struct string name;
	uint32_t type, first_field, field_count, record_size, first_annotation, annotation_count, slots, reserved[3];
};
struct field {
	uint32_t id;
	struct string name;
	uint32_t kind, offset, size, flags;
	int32_t parent, slot;
	uint32_t first_annotation, annotation_count, first_tag, tag_count, order, reserved[2];
};

/* The batch. */
struct batch {
	uint32_t magic;
	uint16_t version, header_size;
	uint32_t source, flags, capacity, row_count, stride, rows, rows_size, row_offsets, selection, selected;
};

struct wanted {
	uint32_t fname, pid;
};

static struct wanted wanted[MAX_SOURCES];
static char prefix[256];
static uint32_t prefix_size, pid;

static int same(const uint8_t *table, struct string string, const char *text)
{
	return string.size == strlen(text) && !memcmp(table + string.offset, text, string.size);
}

EXPORT(ig_abi_v1) void ig_abi_v1(void) {}

EXPORT(ig_alloc) void *ig_alloc(uint32_t size)
{
	return aligned_alloc(16, (size + 15) & ~15u);
}

static void read_param(const uint8_t *table, struct string key, struct string value)
{
	const uint32_t size = value.size < sizeof prefix - 1 ? value.size : sizeof prefix - 1;

	if (same(table, key, "prefix")) {
		memcpy(prefix, table + value.offset, size);
		prefix_size = size;
	} else if (same(table, key, "pid")) {
		char text[12] = "";
		memcpy(text, table + value.offset, size < sizeof text - 1 ? size : sizeof text - 1);
		pid = strtoul(text, NULL, 10);
	}
}

EXPORT(ig_init) int32_t ig_init(int32_t op, const uint8_t *bytes, uint32_t size)
{
	const struct table *table = (const void *)bytes;
	const struct source *sources = (const void *)(bytes + table->sources.offset);
	const struct field *fields = (const void *)(bytes + table->fields.offset);
	const struct string *params = (const void *)(bytes + table->params.offset);

	(void)op, (void)size;
	for (uint32_t i = 0; i < table->params.count; i++)
		read_param(bytes, params[2 * i], params[2 * i + 1]);
	for (uint32_t ds = 0; ds < table->sources.count && ds < MAX_SOURCES; ds++) {
		int found = 0;
		for (uint32_t i = 0; i < sources[ds].field_count; i++) {
			const struct field *field = &fields[sources[ds].first_field + i];
			uint32_t *place = same(bytes, field->name, "fname")    ? &wanted[ds].fname :
					  same(bytes, field->name, "proc.pid") ? &wanted[ds].pid :
										 NULL;
			if (!place)
				continue;
			*place = field->offset;
			field_want(ds, field->id);
			found++;
		}
		if (found != 2) {
			fprintf(stderr, "%.*s has no fname and proc.pid\n", (int)sources[ds].name.size, (const char *)bytes + sources[ds].name.offset);
			return ENOENT_WASI;
		}
	}
	return 0;
}

EXPORT(ig_batch) int32_t ig_batch(int32_t op, uint8_t *region)
{
	struct batch *batch = (void *)region;
	uint32_t *selection = (uint32_t *)(region + batch->selection);
	const struct wanted at = wanted[batch->source];
	uint32_t kept = 0;

	(void)op;
	/* Asking for fields makes the rows equally long: the stride is never 0. */
	for (uint32_t i = 0; i < batch->selected; i++) {
		const uint32_t row = selection[i];
		const uint8_t *record = region + batch->rows + row * batch->stride;
		if ((!pid || *(const uint32_t *)(record + at.pid) == pid) && !memcmp(record + at.fname, prefix, prefix_size))
			selection[kept++] = row;
	}
	batch->selected = kept;
	return 0;
}
