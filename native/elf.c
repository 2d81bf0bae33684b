// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* memfd_create */
/* ELF files that processes have mapped: opened once, kept open, symbolized by blazesym. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "blazesym.h"
#include "symbols.h"

#define MOST_NOTES 4096
#define MOST_HEADERS 64
/* Of files that are larger, only the symbols are read: their DWARF would take all memory, and minutes. */
#define MOST_DWARF (256ll << 20)
#define DELETED " (deleted)"

/* Mapped, it is another file than the one that has its name now; or one in memory alone. */
static bool is_named(const char *path)
{
	const size_t size = strlen(path), tail = sizeof(DELETED) - 1;

	return path[0] == '/' && !(size > tail && !strcmp(path + size - tail, DELETED));
}

/* This process's: every process has the same. */
static int open_vdso(void)
{
	size_t size = 0;
	char *text = ig_read_text("/proc/self/maps", 4 << 20, &size), *line = text;
	int fd = -1;

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned long start, end;
		char *stop = strchr(line, '\n');

		if (!stop || stop - line < 6 || strncmp(stop - 6, "[vdso]", 6) || sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		fd = memfd_create("vdso", MFD_CLOEXEC);
		if (fd >= 0 && write(fd, (const void *)start, end - start) != (ssize_t)(end - start)) {
			close(fd);
			fd = -1;
		}
		break;
	}
	free(text);
	return fd;
}

/* By what the process has mapped; where that is not allowed, by the name, below the process's own root. */
static int open_mapped(pid_t pid, const struct ig_vma *mapping)
{
	struct stat status;
	char path[96];
	int fd;

	if (!strcmp(mapping->path, "[vdso]"))
		return open_vdso();
	if (!mapping->inode)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, (unsigned long)mapping->start, (unsigned long)mapping->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && is_named(mapping->path))
		fd = ig_open_in_root(pid, mapping->path, true);
	if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static void take_build_id(struct ig_elf *elf, uint64_t offset, uint64_t size)
{
	uint8_t notes[MOST_NOTES];
	uint64_t at = 0;

	if (size > sizeof(notes) || !read_at(elf->fd, notes, size, offset))
		return;
	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr note;
		uint64_t name = at + sizeof(note), description;

		memcpy(&note, notes + at, sizeof(note));
		description = name + ((note.n_namesz + 3ull) & ~3ull);
		at = description + ((note.n_descsz + 3ull) & ~3ull);
		if (at > size)
			return;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(notes + name, "GNU", 4) || !note.n_descsz)
			continue;
		elf->build_id_size = note.n_descsz < sizeof(elf->build_id) ? note.n_descsz : sizeof(elf->build_id);
		memcpy(elf->build_id, notes + description, elf->build_id_size);
		return;
	}
}

/* Build id and segments, of 64-bit files in this machine's byte order. */
void ig_elf_read_build_id(struct ig_elf *elf)
{
	Elf64_Ehdr header;

	if (elf->build_id_read || elf->fd < 0)
		return;
	elf->build_id_read = true;
	if (!read_at(elf->fd, &header, sizeof(header), 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		return;
	for (uint32_t i = 0; i < header.e_phnum && i < MOST_HEADERS; i++) {
		Elf64_Phdr segment;

		if (!read_at(elf->fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)))
			return;
		if (segment.p_type == PT_NOTE && !elf->build_id_size)
			take_build_id(elf, segment.p_offset, segment.p_filesz);
		else if (segment.p_type == PT_LOAD && elf->load_count < sizeof(elf->loads) / sizeof(*elf->loads))
			elf->loads[elf->load_count++] = (struct ig_load){ segment.p_offset, segment.p_filesz, segment.p_vaddr };
	}
}

static void forget(const struct ig_elfs *elfs, struct ig_elf *elf)
{
	if (elf->symbolizer)
		elfs->blazesym->free_symbolizer(elf->symbolizer);
	if (elf->debug_symbolizer)
		elfs->blazesym->free_symbolizer(elf->debug_symbolizer);
	if (elf->fd >= 0)
		close(elf->fd);
	if (elf->debug_fd >= 0)
		close(elf->debug_fd);
	free(elf->path);
	*elf = (struct ig_elf){ .fd = -1, .debug_fd = -1 };
}

static struct ig_elf *place(struct ig_elfs *elfs)
{
	struct ig_elf *oldest;

	if (elfs->count < IG_MOST_ELFS)
		return &elfs->all[elfs->count++];
	oldest = elfs->all;
	for (uint32_t i = 1; i < elfs->count; i++)
		if (elfs->all[i].used < oldest->used)
			oldest = &elfs->all[i];
	forget(elfs, oldest);
	return oldest;
}

struct ig_elf *ig_elf_of(struct ig_elfs *elfs, pid_t pid, const struct ig_vma *mapping)
{
	struct ig_elf *elf;
	char *path;
	int fd;

	if (!elfs->all)
		elfs->all = calloc(IG_MOST_ELFS, sizeof(*elfs->all));
	if (!elfs->all)
		return NULL;
	for (uint32_t i = 0; i < elfs->count; i++) {
		elf = &elfs->all[i];
		if (elf->device != mapping->device || elf->inode != mapping->inode || strcmp(elf->path, mapping->path))
			continue;
		elf->used = ++elfs->clock;
		/* Another process may be there to open it by. */
		if (elf->fd < 0)
			elf->fd = open_mapped(pid, mapping);
		return elf;
	}
	path = strdup(mapping->path);
	if (!path)
		return NULL;
	fd = open_mapped(pid, mapping);
	elf = place(elfs);
	*elf = (struct ig_elf){
		.device = mapping->device,
		.inode = mapping->inode,
		.path = path,
		.fd = fd,
		.debug_fd = -1,
		.id = ++elfs->next_id,
		.used = ++elfs->clock,
	};
	return elf;
}

struct ig_elf *ig_elf_by_build_id(struct ig_elfs *elfs, const uint8_t *build_id, uint32_t size)
{
	for (uint32_t i = 0; i < elfs->count; i++) {
		struct ig_elf *elf = &elfs->all[i];

		ig_elf_read_build_id(elf);
		if (elf->build_id_size == size && !memcmp(elf->build_id, build_id, size))
			return elf;
	}
	return NULL;
}

static struct blaze_symbolizer *make(const struct ig_elfs *elfs)
{
	struct blaze_symbolizer_opts options = {
		.type_size = sizeof(options),
		.code_info = elfs->lines,
		.demangle = true,
	};

	return elfs->blazesym->new_opts(&options);
}

/* Takes what is there; what it was made from stays until ig_symbol_free. */
static bool take(const struct ig_elfs *elfs, const struct blaze_syms *found, struct ig_symbol *symbol)
{
	const struct blaze_sym *first = found && found->cnt ? found->syms : NULL;

	if (!first || !first->name) {
		if (found)
			elfs->blazesym->free_syms(found);
		return false;
	}
	*symbol = (struct ig_symbol){ first->name, first->code_info.dir, first->code_info.file, first->code_info.line, found };
	return true;
}

/* In debuginfod's cache: CACHE/BUILD-ID/debuginfo. Nothing is downloaded. */
static void seek_debug(const struct ig_elfs *elfs, struct ig_elf *elf)
{
	char path[4096];
	int at;

	if (elf->debug_sought)
		return;
	elf->debug_sought = true;
	ig_elf_read_build_id(elf);
	if (!elfs->debuginfod || !elf->build_id_size)
		return;
	at = snprintf(path, sizeof(path) - 64, "%s/", elfs->debuginfod);
	if (at < 0 || (size_t)at >= sizeof(path) - 64)
		return;
	for (uint32_t i = 0; i < elf->build_id_size; i++)
		at += snprintf(path + at, 3, "%02x", elf->build_id[i]);
	snprintf(path + at, 16, "/debuginfo");
	elf->debug_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (elf->debug_fd >= 0)
		elf->debug_symbolizer = make(elfs);
}

static bool debug_symbolize(const struct ig_elfs *elfs, struct ig_elf *elf, uint64_t offset, struct ig_symbol *symbol)
{
	char path[64];
	struct blaze_symbolize_src_elf source = { .type_size = sizeof(source), .path = path, .debug_syms = true };

	seek_debug(elfs, elf);
	if (!elf->debug_symbolizer)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", elf->debug_fd);
	for (uint32_t i = 0; i < elf->load_count; i++) {
		const uint64_t address = elf->loads[i].address + (offset - elf->loads[i].offset);

		if (offset - elf->loads[i].offset < elf->loads[i].size)
			return take(elfs, elfs->blazesym->virt_offsets(elf->debug_symbolizer, &source, &address, 1), symbol);
	}
	return false;
}

void ig_elf_symbolize(struct ig_elfs *elfs, struct ig_elf *elf, uint64_t offset, struct ig_symbol *symbol)
{
	char path[64];
	struct blaze_symbolize_src_elf source = { .type_size = sizeof(source), .path = path };
	struct stat status;

	*symbol = (struct ig_symbol){};
	if (!elfs->blazesym || elf->fd < 0)
		return;
	if (!elf->symbolizer)
		elf->symbolizer = make(elfs);
	if (!elf->symbolizer)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", elf->fd);
	/* Reading DWARF takes much longer than symbols: it is for lines, and for what the symbols leave out. */
	if (!elfs->lines && take(elfs, elfs->blazesym->file_offsets(elf->symbolizer, &source, &offset, 1), symbol))
		return;
	if (fstat(elf->fd, &status))
		return;
	source.debug_syms = status.st_size <= MOST_DWARF;
	if (!take(elfs, elfs->blazesym->file_offsets(elf->symbolizer, &source, &offset, 1), symbol))
		debug_symbolize(elfs, elf, offset, symbol);
}

void ig_symbol_free(const struct ig_elfs *elfs, struct ig_symbol *symbol)
{
	if (symbol->keep)
		elfs->blazesym->free_syms(symbol->keep);
	*symbol = (struct ig_symbol){};
}

void ig_elfs_free(struct ig_elfs *elfs)
{
	for (uint32_t i = 0; i < elfs->count; i++)
		forget(elfs, &elfs->all[i]);
	free(elfs->all);
	elfs->all = NULL;
	elfs->count = 0;
}
