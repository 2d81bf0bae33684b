// Written from docs/operator-abi.md alone, in C without a library: clang --target=wasm32 -nostdlib.
//
// Keeps the rows of one command (parameter `comm`; all when it is empty), greatest process id first; adds the column `shout`,
// the command in capitals, and `known`, whether the side table of users has the uid. When it ends, it tries a BPF map.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("ig"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(log) int32_t ig_log(int32_t level, const char *text, uint32_t size);
IMPORT(field_add) int32_t field_add(uint32_t ds, int32_t parent, const char *name, uint32_t size, uint32_t kind, uint32_t flags);
IMPORT(field_slot) int32_t field_slot(uint32_t ds, uint32_t field);
IMPORT(field_annotate) int32_t field_annotate(uint32_t ds, uint32_t field, const char *key, uint32_t key_size, const char *value, uint32_t size);
IMPORT(field_want) int32_t field_want(uint32_t ds, uint32_t field);
IMPORT(map_open) int32_t map_open(const char *name, uint32_t size, uint32_t *info);
IMPORT(map_lookup) int32_t map_lookup(int32_t map, const void *key, void *value);
IMPORT(map_update) int32_t map_update(int32_t map, const void *key, const void *value, uint32_t flags);
IMPORT(map_delete) int32_t map_delete(int32_t map, const void *key);
IMPORT(map_read) int32_t map_read(int32_t map, const void *after, void *entries, uint32_t size);

enum { EINVAL = 28, ENOENT = 44, ENOSPC = 51, EPROTO = 65 };
enum { BOOL = 1, UINT32 = 8, STRING = 12, CSTRING = 13 };

struct string { uint32_t offset, size; };
struct list { uint32_t count, offset; };
struct table { uint32_t magic, size; struct list sources, fields, annotations, tags, params; uint32_t largest, reserved[3]; };
struct source {
	struct string name;
	uint32_t type, first_field, fields, record_size, first_annotation, annotations, slots, reserved[3];
};
struct field {
	uint32_t id;
	struct string name;
	uint32_t kind, offset, size, flags;
	int32_t parent, slot;
	uint32_t first_annotation, annotations, first_tag, tags;
	int32_t order;
	uint32_t reserved[2];
};
struct batch {
	uint32_t magic;
	uint16_t version, header_size;
	uint32_t source, flags, capacity, row_count, stride, rows, rows_size, row_offsets, selection, selected, columns, column_count;
	uint32_t heap, heap_used;
	uint64_t sequence, lost;
	int64_t boot_offset, mono_offset;
	uint64_t drained_at;
	uint32_t output, output_size, reserved[4];
};
struct column { uint32_t field, state, validity, data, size, reserved[3]; };
_Static_assert(sizeof(struct table) == 64 && sizeof(struct source) == 48 && sizeof(struct field) == 64, "as in the contract");
_Static_assert(sizeof(struct batch) == 128 && sizeof(struct column) == 32 && offsetof(struct batch, output) == 104, "as in the contract");

static struct { uint32_t offset, size; } comm, pid, uid;
static int32_t source_id = -1, shout, known, shout_field;
static char wanted[64];
static uint32_t wanted_size;
static uint32_t users[256];
static uint32_t user_count;
static int32_t map = -1;
static uint32_t map_info[8];
static char map_name[64];
static uint32_t map_name_size;

// The linker says where free memory begins; the host takes it from there.
extern uint8_t __heap_base;
static uintptr_t next;

EXPORT(ig_abi_v1) void ig_abi_v1(void) {}

EXPORT(ig_alloc) void *ig_alloc(uint32_t size)
{
	uintptr_t start = ((next ? next : (uintptr_t)&__heap_base) + 15) & ~15u;
	uintptr_t have = __builtin_wasm_memory_size(0) * 65536ul, end = start + size;

	if (end < start)
		return NULL;
	if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) / 65536) == (size_t)-1)
		return NULL;
	next = end;
	return (void *)start;
}

static int same(const char *a, uint32_t a_size, const char *b)
{
	uint32_t i = 0;

	for (; i < a_size && b[i]; i++)
		if (a[i] != b[i])
			return 0;
	return i == a_size && !b[i];
}

static void say(const char *text, int32_t number)
{
	char line[160];
	uint32_t at = 0, digits = 1;
	uint32_t value = number < 0 ? -(uint32_t)number : (uint32_t)number;

	while (text[at] && at < 140) {
		line[at] = text[at];
		at++;
	}
	if (number < 0)
		line[at++] = '-';
	for (uint32_t rest = value; rest >= 10; rest /= 10)
		digits++;
	for (uint32_t i = digits; i-- > 0; value /= 10)
		line[at + i] = (char)('0' + value % 10);
	ig_log(2, line, at + digits);
}

static void take(const char *table, struct string value, char *to, uint32_t room, uint32_t *size)
{
	*size = value.size < room ? value.size : room;
	__builtin_memcpy(to, table + value.offset, *size);
}

EXPORT(ig_init) int32_t ig_init(uint32_t op, const char *bytes, uint32_t size)
{
	const struct table *table = (const void *)bytes;
	const struct source *sources = (const void *)(bytes + table->sources.offset);
	const struct field *fields = (const void *)(bytes + table->fields.offset);
	const struct string *params = (const void *)(bytes + table->params.offset);
	int found = 0;

	(void)op;
	if (size < sizeof(*table) || table->magic != 0x31494749)
		return EPROTO;
	for (uint32_t i = 0; i < table->params.count; i++) {
		const struct string key = params[2 * i], value = params[2 * i + 1];

		if (same(bytes + key.offset, key.size, "comm"))
			take(bytes, value, wanted, sizeof(wanted), &wanted_size);
		if (same(bytes + key.offset, key.size, "map"))
			take(bytes, value, map_name, sizeof(map_name), &map_name_size);
	}
	for (uint32_t ds = 0; ds < table->sources.count && source_id < 0; ds++) {
		found = 0;
		for (uint32_t i = 0; i < sources[ds].fields; i++) {
			const struct field *field = &fields[sources[ds].first_field + i];
			const char *name = bytes + field->name.offset;
			const int in_row = field->slot < 0;

			if (in_row && field->kind == CSTRING && same(name, field->name.size, "proc.comm")) {
				comm.offset = field->offset, comm.size = field->size;
				found |= 1;
			} else if (in_row && field->kind == UINT32 && same(name, field->name.size, "proc.pid")) {
				pid.offset = field->offset;
				found |= 2;
			} else if (in_row && field->kind == UINT32 && same(name, field->name.size, "proc.creds.uid")) {
				uid.offset = field->offset;
				found |= 4;
			} else {
				continue;
			}
			if (field_want(ds, field->id))
				return EINVAL;
		}
		if (found == 7)
			source_id = (int32_t)ds;
	}
	if (source_id < 0)
		return ENOENT;
	shout_field = field_add(source_id, -1, "shout", 5, STRING, 0);
	if (shout_field < 0)
		return -shout_field;
	field_annotate(source_id, shout_field, "columns.width", 13, "16", 2);
	shout = field_slot(source_id, shout_field);
	known = field_slot(source_id, field_add(source_id, -1, "known", 5, BOOL, 0));
	if (map_name_size) {
		map = map_open(map_name, map_name_size, map_info);
		say("map_open ", map < 0 ? map : 0);
	}
	return shout < 0 || known < 0 ? ENOENT : 0;
}

EXPORT(ig_table) int32_t ig_table(uint32_t op, uint32_t table, const uint8_t *entries, uint32_t size)
{
	(void)op;
	(void)table;
	for (uint32_t at = 0; at + 12 <= size;) {
		const uint32_t *entry = (const void *)(entries + at);

		if (entry[0] == 1 && entry[1] == 4 && user_count < 256)
			users[user_count++] = entry[3];
		at += (12 + entry[1] + entry[2] + 3) & ~3u;
	}
	return 0;
}

static const uint8_t *row_at(const uint8_t *region, uint32_t row)
{
	const struct batch *batch = (const void *)region;

	return region + (batch->stride ? batch->rows + row * batch->stride : ((const uint32_t *)(region + batch->row_offsets))[row]);
}

static uint32_t u32_at(const uint8_t *from)
{
	uint32_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

static uint32_t text_size(const uint8_t *text, uint32_t most)
{
	uint32_t size = 0;

	while (size < most && text[size])
		size++;
	return size;
}

static uint32_t take_heap(struct batch *batch, uint32_t size)
{
	uint32_t at = (batch->heap + batch->heap_used + 7) & ~7u;

	if (at > batch->capacity || size > batch->capacity - at)
		return 0;
	batch->heap_used = at + size - batch->heap;
	return at;
}

EXPORT(ig_batch) int32_t ig_batch(uint32_t op, uint8_t *region)
{
	struct batch *batch = (void *)region;
	uint32_t *selection = (void *)(region + batch->selection);
	struct column *columns = (void *)(region + batch->columns);
	uint32_t kept = 0, views, flags;

	(void)op;
	if ((int32_t)batch->source != source_id)
		return 0;
	for (uint32_t i = 0; i < batch->selected; i++) {
		const uint8_t *text = row_at(region, selection[i]) + comm.offset;
		uint32_t size = text_size(text, comm.size);

		if (wanted_size && (size != wanted_size || __builtin_memcmp(text, wanted, size)))
			continue;
		selection[kept++] = selection[i];
	}
	batch->selected = kept;
	// Greatest process id first; equal ones stay in their order.
	for (uint32_t i = 1; i < kept; i++) {
		uint32_t row = selection[i], id = u32_at(row_at(region, row) + pid.offset), to = i;

		for (; to > 0 && u32_at(row_at(region, selection[to - 1]) + pid.offset) < id; to--)
			selection[to] = selection[to - 1];
		selection[to] = row;
	}
	views = take_heap(batch, 8 * batch->row_count);
	flags = take_heap(batch, batch->row_count);
	if (!views || !flags)
		return ENOSPC;
	for (uint32_t i = 0; i < kept; i++) {
		const uint8_t *row = row_at(region, selection[i]), *text = row + comm.offset;
		uint32_t size = text_size(text, comm.size), at = take_heap(batch, size);
		struct string *view = (struct string *)(region + views) + selection[i];

		if (!at)
			return ENOSPC;
		*view = (struct string){ at, size };
		for (uint32_t j = 0; j < size; j++)
			region[at + j] = text[j] >= 'a' && text[j] <= 'z' ? text[j] - 32 : text[j];
		region[flags + selection[i]] = 0;
		for (uint32_t j = 0; j < user_count; j++)
			region[flags + selection[i]] |= users[j] == u32_at(row + uid.offset);
	}
	columns[shout] = (struct column){ .field = columns[shout].field, .state = 1, .data = views, .size = 8 * batch->row_count };
	columns[known] = (struct column){ .field = columns[known].field, .state = 1, .data = flags, .size = batch->row_count };
	return 0;
}

EXPORT(ig_stop) int32_t ig_stop(uint32_t op, uint8_t *region)
{
	static uint8_t key[64], value[4096], entries[8192];
	int32_t count;

	(void)op;
	(void)region;
	if (map < 0)
		return 0;
	if (map_info[1] > sizeof(key) || map_info[2] > sizeof(value))
		return ENOSPC;
	// A key that no thread has.
	__builtin_memset(key, 0xff, sizeof(key));
	value[0] = 42;
	say("writable ", (int32_t)map_info[4]);
	say("map_update ", map_update(map, key, value, 0));
	value[0] = 0;
	say("map_lookup ", map_lookup(map, key, value));
	say("value ", value[0]);
	count = map_read(map, NULL, entries, sizeof(entries));
	say("map_read ", count > 0 ? 1 : count);
	say("map_delete ", map_delete(map, key));
	say("gone ", map_lookup(map, key, value));
	say("bad handle ", map_lookup(99, key, value));
	return 0;
}

// What the compiler makes calls of.
void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i])
			return ((const uint8_t *)a)[i] - ((const uint8_t *)b)[i];
	return 0;
}
