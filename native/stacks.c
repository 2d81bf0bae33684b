// SPDX-License-Identifier: Apache-2.0
/*
 * Texts of stacks, for the columns of a batch. A stack is looked up and symbolized when it is first seen, and remembered;
 * rows that have the same one share its text.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "internal.h"
#include "stack_ids.h"
#include "symbols.h"
#include "text.h"

#define MOST_FRAMES IG_MOST_FRAMES
#define BUILD_ID_SIZE 20
#define FRAME_KEY ~0ull
#define WRITTEN 1024u
/* What was not found may be there later: a perf map grows. */
#define AGAIN_NS 1000000000ll

enum { SYMBOLS, ADDRESSES, BUILD_IDS, FRAMES };

/* bpf/include/gadget/types.h */
struct user_stack {
	uint32_t major, minor;
	uint64_t inode, mtime_sec;
	uint32_t mtime_nsec, base_addr_hash, stack_id, tgid_level0, pid_level0, pidns_level0, pid_level1, pidns_level1;
	uint64_t otel_correlation_id, boot_timestamp;
};
_Static_assert(sizeof(struct user_stack) == 72, "as in bpf/include/gadget/types.h");

/* The kernel's struct bpf_stack_build_id. */
struct build_id_frame {
	int32_t status; /* 0: the end; 1: valid; 2: an address */
	uint8_t build_id[BUILD_ID_SIZE];
	uint64_t offset;
};

struct ig_stacks {
	int kernel_fd, user_fd, build_id_fd;
	bool symbolize, asked, again;
	char *library, *debuginfod;
	char reason[256];
	uint32_t pid_namespace;
	struct ig_stack_ids kernel_ids, user_ids;
	int64_t now; /* of the batch */
	struct ig_kallsyms kernel;
	struct ig_processes processes;
	struct ig_elfs elfs;
	struct ig_memo stacks, frames;
	struct ig_text texts[IG_MEMO_TEXTS], pieces[IG_MEMO_TEXTS];
	uint32_t troubles;
	struct written {
		uint64_t id; /* of the memory's entry */
		struct ig_view views[IG_MEMO_TEXTS];
	} written[WRITTEN]; /* what a batch already has of a field: rows with the same stack share its text */
	struct build_id_frame ids[MOST_FRAMES];
	uint32_t picked[IG_MAX_ROWS];
};

static char *copy_of(const char *text)
{
	return text && *text ? strdup(text) : NULL;
}

struct ig_stacks *ig_stacks_new(int kernel_fd, int user_fd, int build_id_fd, const char *library, const char *debuginfod)
{
	struct ig_stacks *stacks = calloc(1, sizeof(*stacks));
	struct stat status;

	if (!stacks)
		return NULL;
	stacks->kernel_fd = kernel_fd;
	stacks->user_fd = user_fd;
	stacks->build_id_fd = build_id_fd;
	stacks->library = copy_of(library);
	stacks->debuginfod = copy_of(debuginfod);
	stacks->symbolize = stacks->library != NULL;
	stacks->elfs.debuginfod = stacks->debuginfod;
	if (ig_stack_ids_open(&stacks->kernel_ids, kernel_fd) || ig_stack_ids_open(&stacks->user_ids, user_fd)) {
		ig_stacks_free(stacks);
		return NULL;
	}
	if (!stat("/proc/self/ns/pid", &status))
		stacks->pid_namespace = (uint32_t)status.st_ino;
	return stacks;
}

void ig_stacks_free(struct ig_stacks *stacks)
{
	if (!stacks)
		return;
	ig_stack_ids_close(&stacks->kernel_ids);
	ig_stack_ids_close(&stacks->user_ids);
	ig_kallsyms_free(&stacks->kernel);
	ig_processes_free(&stacks->processes);
	ig_elfs_free(&stacks->elfs);
	ig_memo_clear(&stacks->stacks);
	ig_memo_clear(&stacks->frames);
	for (int i = 0; i < IG_MEMO_TEXTS; i++) {
		ig_text_free(&stacks->texts[i]);
		ig_text_free(&stacks->pieces[i]);
	}
	free(stacks->library);
	free(stacks->debuginfod);
	free(stacks);
}

uint32_t ig_stacks_troubles(struct ig_stacks *stacks)
{
	const uint32_t troubles = stacks->troubles;

	stacks->troubles = 0;
	return troubles;
}

int ig_stacks_reason(struct ig_stacks *stacks, char *text, size_t size)
{
	return snprintf(text, size, "%s", stacks->reason);
}

static void clear(struct ig_text *texts)
{
	for (int i = 0; i < IG_MEMO_TEXTS; i++)
		texts[i].size = 0;
}

static void append(struct ig_text *texts, const struct ig_text *more)
{
	for (int i = 0; i < IG_MEMO_TEXTS; i++)
		ig_text_add(&texts[i], more[i].data, more[i].size);
}

static void append_entry(struct ig_text *texts, const struct ig_memo_entry *entry)
{
	size_t at = 0;

	for (int i = 0; i < IG_MEMO_TEXTS; i++) {
		ig_text_add(&texts[i], entry->data + at, entry->sizes[i]);
		at += entry->sizes[i];
	}
}

/* One line of `frames`: function, source file, line, mapping, build id, address; what is not known is empty. */
static void print_frame(struct ig_text *to, const struct ig_symbol *symbol, const char *mapping, const char *build_id, uint64_t address)
{
	if (symbol->name)
		ig_text_add_name(to, symbol->name);
	ig_text_add(to, "\t", 1);
	if (symbol->file) {
		if (symbol->folder && symbol->file[0] != '/') {
			ig_text_add_name(to, symbol->folder);
			ig_text_add(to, "/", 1);
		}
		ig_text_add_name(to, symbol->file);
	}
	ig_text_add(to, "\t", 1);
	if (symbol->line)
		ig_text_print(to, "%u", symbol->line);
	ig_text_add(to, "\t", 1);
	ig_text_add_name(to, mapping);
	ig_text_print(to, "\t%s\t0x%llx\n", build_id, (unsigned long long)address);
}

static void kernel_frame(struct ig_stacks *stacks, uint64_t address, struct ig_text *to)
{
	const char *module = "";
	struct ig_symbol symbol = { .name = ig_kallsyms_find(&stacks->kernel, address, &module) };

	ig_text_add_name(&to[SYMBOLS], symbol.name ? symbol.name : "[unknown]");
	ig_text_add(&to[SYMBOLS], "; ", 2);
	print_frame(&to[FRAMES], &symbol, *module ? module : "[kernel.kallsyms]", "", address);
}

/* Frame i's address: of callers, the call itself, and not what comes behind it. */
static uint64_t place_of(const uint64_t *addresses, uint32_t i)
{
	return addresses[i] - (i > 0 && addresses[i] > 0);
}

static bool read_stack(int fd, uint32_t id, uint64_t addresses[MOST_FRAMES])
{
	memset(addresses, 0, MOST_FRAMES * sizeof(*addresses));
	return fd >= 0 && !bpf_map_lookup_elem(fd, &id, addresses);
}

static void render_kernel(struct ig_stacks *stacks, uint32_t id, struct ig_text *to)
{
	uint64_t addresses[MOST_FRAMES];

	/* Negative: -EEXIST is a stack that was in the way; others, that there is none. */
	if ((int32_t)id < 0) {
		if ((int32_t)id == -EEXIST)
			ig_text_print(&to[SYMBOLS], "[lost]; ");
		return;
	}
	if (!read_stack(stacks->kernel_fd, id, addresses)) {
		ig_text_print(&to[SYMBOLS], "[lost]; ");
		return;
	}
	ig_kallsyms_refresh(&stacks->kernel);
	if (stacks->kernel.hidden)
		stacks->troubles |= IG_STACKS_KERNEL_HIDDEN;
	for (uint32_t i = 0; i < MOST_FRAMES && addresses[i]; i++)
		kernel_frame(stacks, place_of(addresses, i), to);
}

static void open_library(struct ig_stacks *stacks)
{
	if (stacks->asked || !stacks->symbolize)
		return;
	stacks->asked = true;
	stacks->elfs.blazesym = ig_blazesym_load(stacks->library, stacks->reason, sizeof(stacks->reason));
	if (!stacks->elfs.blazesym)
		stacks->troubles |= IG_STACKS_NO_LIBRARY;
}

static void hex_of(const uint8_t *bytes, uint32_t size, char text[2 * BUILD_ID_SIZE + 1])
{
	for (uint32_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	text[2 * size] = 0;
}

/* A place in a file: the same in all processes. */
static void file_frame(struct ig_stacks *stacks, struct ig_elf *elf, uint64_t offset, struct ig_text *to)
{
	const struct ig_memo_key key = { { FRAME_KEY, elf->id, offset, stacks->elfs.lines } };
	const struct ig_memo_entry *known = ig_memo_find(&stacks->frames, &key);
	char build_id[2 * BUILD_ID_SIZE + 1] = "";
	struct ig_symbol symbol;

	if (known) {
		append_entry(to, known);
		return;
	}
	clear(stacks->pieces);
	ig_elf_symbolize(&stacks->elfs, elf, offset, &symbol);
	if (symbol.name)
		ig_text_add_name(&stacks->pieces[SYMBOLS], symbol.name);
	if (stacks->elfs.lines) {
		ig_elf_read_build_id(elf);
		hex_of(elf->build_id, elf->build_id_size, build_id);
		print_frame(&stacks->pieces[FRAMES], &symbol, elf->path, build_id, offset);
	}
	ig_symbol_free(&stacks->elfs, &symbol);
	if (!stacks->pieces[SYMBOLS].failed && !stacks->pieces[FRAMES].failed)
		ig_memo_put(&stacks->frames, &key, stacks->pieces, 0);
	append(to, stacks->pieces);
}

/* Whether it has a name now. */
static bool user_frame(struct ig_stacks *stacks, struct ig_process *process, const struct build_id_frame *by_id, uint64_t address,
		       struct ig_text *to)
{
	const struct ig_vma *mapping = process ? ig_process_find(process, address) : NULL;
	const size_t before = to[SYMBOLS].size, frames_before = to[FRAMES].size;
	struct ig_symbol symbol = {};
	struct ig_elf *elf = NULL;
	uint64_t offset = 0;

	if (mapping) {
		elf = mapping->inode || mapping->path[0] == '[' ? ig_elf_of(&stacks->elfs, process->pid, mapping) : NULL;
		offset = address - mapping->start + mapping->offset;
		if (!mapping->inode)
			offset = address - mapping->start;
	} else if (by_id && by_id->status == 1) {
		elf = ig_elf_by_build_id(&stacks->elfs, by_id->build_id, BUILD_ID_SIZE);
		offset = by_id->offset;
	}
	if (elf)
		file_frame(stacks, elf, offset, to);
	if (to[SYMBOLS].size > before)
		return true;
	symbol.name = process && mapping ? ig_perf_map_find(&process->perf_map, process->pid, address) : NULL;
	if (!symbol.name && elf)
		return false;
	to[FRAMES].size = frames_before;
	if (stacks->elfs.lines)
		print_frame(&to[FRAMES], &symbol, mapping ? mapping->path : "", "", address);
	if (symbol.name)
		ig_text_add_name(&to[SYMBOLS], symbol.name);
	return symbol.name;
}

static pid_t pid_of(const struct ig_stacks *stacks, const struct user_stack *stack)
{
	/* Where ig itself is in a pid namespace below the first, threads have their number there in the record. */
	if (stack->pidns_level1 && stack->pidns_level1 == stacks->pid_namespace)
		return (pid_t)stack->pid_level1;
	return (pid_t)stack->tgid_level0;
}

/* Whether everything in it has a name. */
static bool render_user(struct ig_stacks *stacks, const struct user_stack *stack, struct ig_text *to)
{
	const uint64_t exe[3] = { stack->inode, stack->base_addr_hash, stack->mtime_sec };
	uint64_t addresses[MOST_FRAMES];
	struct build_id_frame *ids = stacks->ids;
	struct ig_process *process = NULL;
	bool have_ids, complete = true;

	if (!read_stack(stacks->user_fd, stack->stack_id, addresses)) {
		if (stacks->symbolize)
			ig_text_print(&to[SYMBOLS], "[lost]; ");
		return true;
	}
	have_ids = stacks->build_id_fd >= 0 && !bpf_map_lookup_elem(stacks->build_id_fd, &stack->stack_id, ids);
	for (uint32_t i = 0; i < MOST_FRAMES && addresses[i]; i++)
		ig_text_print(&to[ADDRESSES], "0x%016llx; ", (unsigned long long)addresses[i]);
	for (uint32_t i = 0; have_ids && i < MOST_FRAMES && ids[i].status; i++) {
		char text[2 * BUILD_ID_SIZE + 1];

		hex_of(ids[i].build_id, BUILD_ID_SIZE, text);
		if (ids[i].status == 1)
			ig_text_print(&to[BUILD_IDS], "%s +%llx; ", text, (unsigned long long)ids[i].offset);
		else
			ig_text_print(&to[BUILD_IDS], "%llx; ", (unsigned long long)ids[i].offset);
	}
	if (!stacks->symbolize)
		return true;
	open_library(stacks);
	process = ig_process_get(&stacks->processes, pid_of(stacks, stack), exe);
	for (uint32_t i = 0; i < MOST_FRAMES && addresses[i]; i++) {
		if (have_ids && !ids[i].status)
			have_ids = false;
		if (!user_frame(stacks, process, have_ids ? &ids[i] : NULL, place_of(addresses, i), to)) {
			ig_text_print(&to[SYMBOLS], "0x%llx", (unsigned long long)addresses[i]);
			complete = false;
		}
		ig_text_add(&to[SYMBOLS], "; ", 2);
	}
	return complete;
}

/* NULL: no memory, or there is no stack. */
static const struct ig_memo_entry *kernel_stack(struct ig_stacks *stacks, uint32_t id)
{
	const uint32_t generation = (int32_t)id < 0 ? 0 : ig_stack_ids_use(&stacks->kernel_ids, id, stacks->now);
	const struct ig_memo_key key = { { id, (uint64_t)generation << 1 | stacks->elfs.lines } };
	const struct ig_memo_entry *known = ig_memo_find(&stacks->stacks, &key);

	if (known)
		return known;
	clear(stacks->texts);
	render_kernel(stacks, id, stacks->texts);
	return ig_memo_put(&stacks->stacks, &key, stacks->texts, 0);
}

static const struct ig_memo_entry *user_stack(struct ig_stacks *stacks, const struct user_stack *stack)
{
	/* No stack was asked for, or a thread of the kernel has none. */
	const uint32_t generation = stack->inode ? ig_stack_ids_use(&stacks->user_ids, stack->stack_id, stacks->now) : 0;
	const struct ig_memo_key key = { {
		(uint64_t)stack->stack_id << 32 | stack->tgid_level0,
		1ull << 63 | (uint64_t)generation << 1 | stacks->elfs.lines,
		stack->inode,
		(uint64_t)stack->base_addr_hash << 32 | stack->mtime_nsec,
		stack->mtime_sec,
	} };
	const struct ig_memo_entry *known;
	bool complete;

	if (!stack->inode)
		return NULL;
	known = ig_memo_find(&stacks->stacks, &key);
	if (known && (!known->until || (!stacks->again && known->until > stacks->now)))
		return known;
	clear(stacks->texts);
	complete = render_user(stacks, stack, stacks->texts);
	return ig_memo_put(&stacks->stacks, &key, stacks->texts, complete ? 0 : stacks->now + AGAIN_NS);
}

static bool add_text(struct ig_heap *heap, const char *text, uint32_t size, struct ig_view *view)
{
	*view = (struct ig_view){};
	if (!size)
		return true;
	if (!ig_inside(heap->next, size, heap->end))
		return false;
	memcpy(heap->region + heap->next, text, size);
	*view = (struct ig_view){ (uint32_t)heap->next, size };
	heap->next += size;
	return true;
}

/* Room for the values of a column; they are empty. 0: there is none. */
static uint32_t add_column(struct ig_heap *heap, uint32_t rows)
{
	const uint64_t at = ig_round8(heap->next), size = rows * sizeof(struct ig_view);

	if (!ig_inside(at, size, heap->end))
		return 0;
	memset(heap->region + at, 0, size);
	heap->next = at + size;
	return (uint32_t)at;
}

static const struct ig_memo_entry *stack_of(struct ig_stacks *stacks, const struct ig_stack_field *field, const uint8_t *row)
{
	struct user_stack stack;

	if (!field->user)
		return kernel_stack(stacks, ig_load32(row + field->offset));
	memcpy(&stack, row + field->offset, sizeof(stack));
	return user_stack(stacks, &stack);
}

/* The views of a field's texts, in columns that are there already. */
static int fill_rows(struct ig_stacks *stacks, const struct ig_stack_field *field, const struct ig_batch *batch, uint32_t fixed_size,
		     struct ig_heap *heap, const uint32_t data[IG_MEMO_TEXTS])
{
	uint8_t *region = heap->region;

	memset(stacks->written, 0, sizeof(stacks->written));
	for (uint32_t n = 0; n < batch->selected; n++) {
		const uint32_t row = stacks->picked[n];
		const uint64_t at = batch->stride ? batch->rows + (uint64_t)row * batch->stride :
						    ig_load32(region + batch->row_offsets + 4ull * row);
		const struct ig_memo_entry *entry;
		struct written *known;
		size_t from = 0;

		if (!ig_inside(at, fixed_size, heap->end))
			return -EPROTO;
		entry = stack_of(stacks, field, region + at);
		if (!entry)
			continue;
		known = &stacks->written[entry->id % WRITTEN];
		if (known->id != entry->id) {
			*known = (struct written){ .id = entry->id };
			for (int i = 0; i < IG_MEMO_TEXTS; i++) {
				if (data[i] && !add_text(heap, entry->data + from, entry->sizes[i], &known->views[i]))
					stacks->troubles |= IG_STACKS_NO_ROOM;
				from += entry->sizes[i];
			}
		}
		for (int i = 0; i < IG_MEMO_TEXTS; i++)
			if (data[i])
				memcpy(region + data[i] + 8ull * row, &known->views[i], sizeof(struct ig_view));
	}
	return 0;
}

static int fill_field(struct ig_stacks *stacks, const struct ig_stack_field *field, const struct ig_batch *batch, uint32_t fixed_size,
		      struct ig_heap *heap)
{
	uint8_t *region = heap->region;
	uint32_t data[IG_MEMO_TEXTS] = {};
	uint64_t start, files;
	int result;

	for (int i = 0; i < IG_MEMO_TEXTS; i++) {
		if (field->slots[i] == IG_NO_SLOT)
			continue;
		if (field->slots[i] >= batch->column_count)
			return -EINVAL;
		data[i] = add_column(heap, batch->row_count);
		if (!data[i])
			return -ENOSPC;
	}
	start = heap->next;
	files = stacks->elfs.next_id;
	result = fill_rows(stacks, field, batch, fixed_size, heap, data);
	/* Files that were first met on the way may be those of processes that had ended, in rows before. */
	if (!result && field->user && stacks->build_id_fd >= 0 && stacks->elfs.next_id != files) {
		heap->next = start;
		stacks->again = true;
		result = fill_rows(stacks, field, batch, fixed_size, heap, data);
		stacks->again = false;
	}
	if (result < 0)
		return result;
	for (int i = 0; i < IG_MEMO_TEXTS; i++) {
		struct ig_column column;
		uint8_t *place = region + batch->columns + (uint64_t)field->slots[i] * sizeof(column);

		if (!data[i])
			continue;
		memcpy(&column, place, sizeof(column));
		column.state = 1;
		column.validity = 0;
		column.data = data[i];
		column.data_size = batch->row_count * (uint32_t)sizeof(struct ig_view);
		memcpy(place, &column, sizeof(column));
	}
	return 0;
}

int ig_stacks_fill(struct ig_stacks *stacks, uint8_t *region, uint32_t capacity, uint32_t fixed_size,
		   const struct ig_stack_field *fields, uint32_t count)
{
	struct ig_heap heap = { .region = region, .end = capacity };
	struct ig_batch batch;
	uint32_t where = 0;
	int result = ig_header_read(region, capacity, fixed_size, &batch, &where);

	if (result < 0)
		return result;
	if (!batch.row_count || !batch.selected)
		return 0;
	result = ig_selection_read(region + batch.selection, batch.selected, batch.row_count, stacks->picked);
	if (result < 0)
		return -EPROTO;
	for (uint32_t i = 0; i < count; i++)
		stacks->elfs.lines |= fields[i].slots[FRAMES] != IG_NO_SLOT;
	heap.next = (uint64_t)batch.heap + batch.heap_used;
	stacks->now = ig_monotonic();
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t size = fields[i].user ? sizeof(struct user_stack) : sizeof(uint32_t);

		if (!ig_inside(fields[i].offset, size, fixed_size))
			return -EINVAL;
		result = fill_field(stacks, &fields[i], &batch, fixed_size, &heap);
		if (result == -ENOSPC)
			stacks->troubles |= IG_STACKS_NO_ROOM;
		else if (result < 0)
			return result;
	}
	batch.heap_used = (uint32_t)(heap.next - batch.heap);
	ig_store32(region + offsetof(struct ig_batch, heap_used), batch.heap_used);
	ig_stack_ids_sweep(&stacks->kernel_ids, -1, stacks->now);
	ig_stack_ids_sweep(&stacks->user_ids, stacks->build_id_fd, stacks->now);
	return 0;
}
