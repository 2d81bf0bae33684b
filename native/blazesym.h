/* SPDX-License-Identifier: Apache-2.0 */
/* The part of blazesym-c 0.1.11's interface that is used, from its documentation; the library is opened when it is needed. */
#ifndef IG_BLAZESYM_H
#define IG_BLAZESYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blaze_symbolizer;

struct blaze_symbolizer_opts {
	size_t type_size;
	const char *const *debug_dirs;
	size_t debug_dirs_len;
	bool auto_reload, code_info, inlined_fns, demangle;
	uint8_t reserved1[4];
	const void *process_dispatch;
	uint8_t reserved2[8];
};

struct blaze_symbolize_src_elf {
	size_t type_size;
	const char *path;
	bool debug_syms;
	uint8_t reserved[23];
};

struct blaze_code_info {
	const char *dir, *file;
	uint32_t line;
	uint16_t column;
	uint8_t reserved[10];
};

struct blaze_sym {
	const char *name, *module;
	uint64_t addr;
	size_t offset;
	ptrdiff_t size;
	struct blaze_code_info code_info;
	size_t inlined_cnt;
	const void *inlined;
	uint8_t reason;
	uint8_t reserved[15];
};

struct blaze_syms {
	size_t cnt;
	struct blaze_sym syms[];
};

struct ig_blazesym {
	struct blaze_symbolizer *(*new_opts)(const struct blaze_symbolizer_opts *);
	void (*free_symbolizer)(struct blaze_symbolizer *);
	const struct blaze_syms *(*file_offsets)(struct blaze_symbolizer *, const struct blaze_symbolize_src_elf *, const uint64_t *, size_t);
	const struct blaze_syms *(*virt_offsets)(struct blaze_symbolizer *, const struct blaze_symbolize_src_elf *, const uint64_t *, size_t);
	void (*free_syms)(const struct blaze_syms *);
};

#endif
