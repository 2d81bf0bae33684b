// SPDX-License-Identifier: Apache-2.0
/* From a stack's number to its texts: looked up and symbolized when it is first seen, and remembered. */
#include <bpf/bpf.h>
#include <stdio.h>
#include "stacks.h"

#define FRAME_KEY ~0ull
/* What was not found may be there later: a perf map grows. */
#define AGAIN_NS 1000000000ll

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

static bool read_stack(int fd, uint32_t id, uint64_t addresses[IG_MOST_FRAMES])
{
	memset(addresses, 0, IG_MOST_FRAMES * sizeof(*addresses));
	return fd >= 0 && !bpf_map_lookup_elem(fd, &id, addresses);
}

static void render_kernel(struct ig_stacks *stacks, uint32_t id, struct ig_text *to)
{
	uint64_t addresses[IG_MOST_FRAMES];

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
	ig_stacks_prepared(stacks);
	ig_kallsyms_refresh(&stacks->kernel);
	if (stacks->kernel.hidden)
		stacks->troubles |= IG_STACKS_KERNEL_HIDDEN;
	for (uint32_t i = 0; i < IG_MOST_FRAMES && addresses[i]; i++)
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
	uint64_t addresses[IG_MOST_FRAMES];
	struct build_id_frame *ids = stacks->ids;
	struct ig_process *process = NULL;
	bool have_ids, complete = true;

	if (!read_stack(stacks->user_fd, stack->stack_id, addresses)) {
		if (stacks->symbolize)
			ig_text_print(&to[SYMBOLS], "[lost]; ");
		return true;
	}
	have_ids = stacks->build_id_fd >= 0 && !bpf_map_lookup_elem(stacks->build_id_fd, &stack->stack_id, ids);
	for (uint32_t i = 0; i < IG_MOST_FRAMES && addresses[i]; i++)
		ig_text_print(&to[ADDRESSES], "0x%016llx; ", (unsigned long long)addresses[i]);
	for (uint32_t i = 0; have_ids && i < IG_MOST_FRAMES && ids[i].status; i++) {
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
	for (uint32_t i = 0; i < IG_MOST_FRAMES && addresses[i]; i++) {
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

const struct ig_memo_entry *ig_stack_kernel_texts(struct ig_stacks *stacks, uint32_t id)
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

const struct ig_memo_entry *ig_stack_user_texts(struct ig_stacks *stacks, const struct user_stack *stack)
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
