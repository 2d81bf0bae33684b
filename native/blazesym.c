// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include "blazesym.h"
#include "symbols.h"

static struct ig_blazesym loaded;
static bool done;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool bind(void *library, const char *name, void *function, char *reason, size_t size)
{
	void *found = dlsym(library, name);

	if (!found) {
		snprintf(reason, size, "it has no %s", name);
		return false;
	}
	*(void **)function = found;
	return true;
}

const struct ig_blazesym *ig_blazesym_load(const char *path, char *reason, size_t size)
{
	void *library;

	pthread_mutex_lock(&lock);
	if (!done) {
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!library)
			snprintf(reason, size, "%s", dlerror());
		done = library && bind(library, "blaze_symbolizer_new_opts", &loaded.new_opts, reason, size) &&
		       bind(library, "blaze_symbolizer_free", &loaded.free_symbolizer, reason, size) &&
		       bind(library, "blaze_symbolize_elf_file_offsets", &loaded.file_offsets, reason, size) &&
		       bind(library, "blaze_symbolize_elf_virt_offsets", &loaded.virt_offsets, reason, size) &&
		       bind(library, "blaze_syms_free", &loaded.free_syms, reason, size);
	}
	pthread_mutex_unlock(&lock);
	return done ? &loaded : NULL;
}
