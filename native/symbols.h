/* SPDX-License-Identifier: Apache-2.0 */
/* From addresses to functions: of the kernel, of ELF files, of processes. One thread at a time. */
#ifndef IG_SYMBOLS_H
#define IG_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The whole of a file that has no size of its own (in /proc), NUL-terminated; free it. NULL: it cannot be read. */
char *ig_read_text(const char *path, size_t most, size_t *size);
int64_t ig_monotonic(void); /* ns */

/* How many of the items, which lie in the order of the address that each begins with, are not above an address. */
static inline uint32_t ig_first_above(const void *items, uint32_t count, size_t size, uint64_t address)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (*(const uint64_t *)((const char *)items + middle * size) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* /proc/kallsyms, sorted. Zeroes are one that was not read yet. */
struct ig_kallsyms {
	struct ig_kernel_symbol *symbols;
	uint32_t count;
	char *names;
	bool read, hidden; /* hidden: all addresses are 0 (kptr_restrict) */
	int64_t read_at, checked_at;
	uint64_t modules; /* what /proc/modules said then */
};

/* Reads it, if it was not read, or again if modules came or went. Call it before a few lookups, not before each. */
void ig_kallsyms_refresh(struct ig_kallsyms *kernel);
/* NULL: unknown. *module is empty for the kernel itself. Valid until the next refresh. */
const char *ig_kallsyms_find(struct ig_kallsyms *kernel, uint64_t address, const char **module);
void ig_kallsyms_free(struct ig_kallsyms *kernel);

/* What a JIT compiler wrote about its code: /tmp/perf-PID.map. Zeroes are one that was not read yet. */
struct ig_perf_map {
	struct ig_perf_symbol *symbols;
	uint32_t count;
	char *names;
	struct timespec_of { int64_t sec, nsec; } modified;
	int64_t size, checked_at;
};

/* NULL: unknown, or there is no such file. Valid until the next call. */
const char *ig_perf_map_find(struct ig_perf_map *map, pid_t pid, uint64_t address);
void ig_perf_map_free(struct ig_perf_map *map);

/* A file below what is / for a process; never leaves it, follows no magic links, does not block. A regular file's fd, or -errno. */
int ig_open_in_root(pid_t pid, const char *path, bool follow);

/* Executable memory of a process. */
struct ig_vma {
	uint64_t start, end, offset;
	uint64_t device, inode; /* inode 0: no file */
	const char *path;
};

struct ig_process {
	pid_t pid;
	uint64_t exe[3]; /* inode, base address hash, modification time of the executable: tells apart who had this id */
	struct ig_vma *mappings;
	uint32_t count;
	char *paths;
	int64_t read_at;
	uint64_t used;
	struct ig_perf_map perf_map;
};

#define IG_MOST_PROCESSES 512

struct ig_processes {
	struct ig_process *all;
	uint32_t count;
	uint64_t clock;
};

/* What is known of a process; it may have ended since. NULL: nothing. Valid until the next call. */
struct ig_process *ig_process_get(struct ig_processes *processes, pid_t pid, const uint64_t exe[3]);
/* NULL: no executable memory. Looks again when the process has got more since. */
const struct ig_vma *ig_process_find(struct ig_process *process, uint64_t address);
void ig_processes_free(struct ig_processes *processes);

/* blazesym, loaded when it is first needed. */
struct ig_blazesym;
struct blaze_symbolizer;

/* An ELF file, open: it can be read when its name, or the process that mapped it, is gone. */
struct ig_elf {
	uint64_t device, inode;
	char *path; /* as the process sees it */
	int fd;     /* -1: could not be opened */
	uint8_t build_id[20];
	uint32_t build_id_size;
	bool build_id_read, debug_sought;
	int debug_fd; /* of debuginfod's cache */
	struct blaze_symbolizer *symbolizer, *debug_symbolizer;
	struct ig_load { uint64_t offset, size, address; } loads[16];
	uint32_t load_count;
	uint64_t id, used;
};

#define IG_MOST_ELFS 256

struct ig_elfs {
	struct ig_elf *all;
	uint32_t count;
	uint64_t clock, next_id;
	const struct ig_blazesym *blazesym; /* NULL: no names */
	const char *debuginfod;             /* NULL: not looked into */
	bool lines;                         /* source files and lines are wanted */
};

/* The file that a process has mapped. NULL: no memory. Valid until the next call. */
struct ig_elf *ig_elf_of(struct ig_elfs *elfs, pid_t pid, const struct ig_vma *mapping);
/* One that is known, by its build id. */
struct ig_elf *ig_elf_by_build_id(struct ig_elfs *elfs, const uint8_t *build_id, uint32_t size);
void ig_elf_read_build_id(struct ig_elf *elf);
void ig_elfs_free(struct ig_elfs *elfs);

struct ig_symbol {
	const char *name; /* NULL: unknown */
	const char *folder, *file;
	uint32_t line;
	const void *keep;
};

void ig_elf_symbolize(struct ig_elfs *elfs, struct ig_elf *elf, uint64_t offset, struct ig_symbol *symbol);
void ig_symbol_free(const struct ig_elfs *elfs, struct ig_symbol *symbol);

/* NULL: it is not there, or not one that fits; *reason says why. Stays loaded. */
const struct ig_blazesym *ig_blazesym_load(const char *path, char *reason, size_t size);

#endif
