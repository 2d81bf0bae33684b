// SPDX-License-Identifier: Apache-2.0
/* Texts of stacks in the columns of a batch: rows that have the same stack share its text. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "stacks.h"

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
	ig_stacks_prepared(stacks);
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

static void *prepare(void *argument)
{
	struct ig_stacks *stacks = argument;

	ig_kallsyms_refresh(&stacks->kernel);
	return NULL;
}

void ig_stacks_prepare(struct ig_stacks *stacks)
{
	if (!stacks->preparing && !stacks->kernel.read && stacks->kernel_fd >= 0)
		stacks->preparing = !pthread_create(&stacks->preparer, NULL, prepare, stacks);
}

void ig_stacks_prepared(struct ig_stacks *stacks)
{
	if (stacks->preparing)
		pthread_join(stacks->preparer, NULL);
	stacks->preparing = false;
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
		return ig_stack_kernel_texts(stacks, ig_load32(row + field->offset));
	memcpy(&stack, row + field->offset, sizeof(stack));
	return ig_stack_user_texts(stacks, &stack);
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
