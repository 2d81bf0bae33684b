// SPDX-License-Identifier: Apache-2.0
/* Functions of the kernel and its modules, by /proc/kallsyms. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "symbols.h"

struct ig_kernel_symbol {
	uint64_t address;
	uint32_t name; /* in names; the module's behind it */
};

#define MOST_KALLSYMS (256ull << 20)
/* No function is longer. */
#define MOST_FUNCTION (1ull << 20)
#define CHECK_NS 1000000000ll
/* Programs of BPF come and go without /proc/modules. */
#define FAR (64ull << 10)
#define AGAIN_NS 5000000000ll

int64_t ig_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

char *ig_read_text(const char *path, size_t most, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 64 << 10, used = 0;
	char *text = fd < 0 ? NULL : malloc(room);
	ssize_t got = 0;

	while (text && used < most) {
		if (room - used < 32 << 10) {
			char *more = realloc(text, room *= 2);

			if (!more)
				goto fail;
			text = more;
		}
		got = read(fd, text + used, room - used - 1);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (!text || got < 0)
		goto fail;
	close(fd);
	text[used] = 0;
	if (size)
		*size = used;
	return text;
fail:
	free(text);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct ig_kernel_symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->name < right->name ? -1 : left->name > right->name;
}

static uint64_t modules_now(void)
{
	size_t size = 0;
	char *text = ig_read_text("/proc/modules", 1 << 20, &size);
	uint64_t hash = 0xcbf29ce484222325ull;

	if (!text)
		return 0;
	/* Names and addresses; how often a module is used comes and goes. */
	for (char *line = text, *next; *line; line = next) {
		char *end = strchr(line, ' '), *place;

		next = strchr(line, '\n');
		next = next ? next + 1 : line + strlen(line);
		if (!end || end > next)
			continue;
		place = next;
		for (int words = 0; place > end && words < 2; words += *--place == ' ')
			;
		for (const char *at = line; at < end; at++)
			hash = (hash ^ (uint8_t)*at) * 0x100000001b3ull;
		for (const char *at = place; at < next; at++)
			hash = (hash ^ (uint8_t)*at) * 0x100000001b3ull;
	}
	free(text);
	return hash;
}

/* Lines are "ADDRESS TYPE NAME" and, of modules, a tab and "[MODULE]". Names become "NAME\0MODULE\0" in place. */
static void parse(struct ig_kallsyms *kernel, char *text)
{
	uint32_t room = 0;
	bool sorted = true;

	kernel->names = text;
	kernel->hidden = true;
	for (char *line = text, *next; line && *line; line = next) {
		char *rest, *module, *end = strchr(line, '\n');
		const uint64_t address = strtoull(line, &rest, 16);
		struct ig_kernel_symbol *symbol;

		next = end ? end + 1 : NULL;
		if (!end || rest == line || rest + 3 >= end || rest[0] != ' ' || rest[2] != ' ')
			continue;
		if (!address || !strchr("tTwW", rest[1]))
			continue;
		*end = 0;
		rest += 3;
		module = strchr(rest, '\t');
		if (module && module[1] == '[') {
			char *bracket = strchr(module, ']');

			*module++ = 0;
			memmove(module, module + 1, (size_t)((bracket ? bracket : end) - module - 1));
			if (bracket)
				bracket[-1] = 0;
		} else {
			/* Over the space before it: two NULs behind it, an empty module. */
			memmove(rest - 1, rest, (size_t)(end - rest));
			*--end = 0;
			rest--;
		}
		if (kernel->count == room) {
			struct ig_kernel_symbol *more;

			room = room ? room * 2 : 65536;
			more = realloc(kernel->symbols, room * sizeof(*more));
			if (!more)
				break;
			kernel->symbols = more;
		}
		symbol = &kernel->symbols[kernel->count];
		*symbol = (struct ig_kernel_symbol){ address, (uint32_t)(rest - text) };
		sorted = sorted && (!kernel->count || symbol[-1].address <= address);
		kernel->count++;
		kernel->hidden = false;
	}
	if (!sorted)
		qsort(kernel->symbols, kernel->count, sizeof(*kernel->symbols), by_address);
}

static void read_all(struct ig_kallsyms *kernel)
{
	const int64_t checked = kernel->checked_at;
	const uint64_t modules = kernel->modules;
	char *text;

	ig_kallsyms_free(kernel);
	kernel->read = true;
	kernel->read_at = ig_monotonic();
	kernel->checked_at = checked;
	kernel->modules = modules;
	kernel->hidden = true;
	text = ig_read_text("/proc/kallsyms", MOST_KALLSYMS, NULL);
	if (text)
		parse(kernel, text);
}

void ig_kallsyms_refresh(struct ig_kallsyms *kernel)
{
	const int64_t now = ig_monotonic();
	uint64_t modules;

	if (kernel->read && now - kernel->checked_at < CHECK_NS)
		return;
	kernel->checked_at = now;
	modules = modules_now();
	if (kernel->read && modules == kernel->modules)
		return;
	kernel->modules = modules;
	read_all(kernel);
}

static const struct ig_kernel_symbol *search(const struct ig_kallsyms *kernel, uint64_t address)
{
	uint32_t low = ig_first_above(kernel->symbols, kernel->count, sizeof(*kernel->symbols), address);

	if (!low || address - kernel->symbols[low - 1].address > MOST_FUNCTION)
		return NULL;
	/* Of several names for one place the first. */
	for (low--; low && kernel->symbols[low - 1].address == kernel->symbols[low].address; low--)
		;
	return &kernel->symbols[low];
}

const char *ig_kallsyms_find(struct ig_kallsyms *kernel, uint64_t address, const char **module)
{
	const struct ig_kernel_symbol *found = search(kernel, address);
	const char *name;

	if (!kernel->hidden && (!found || address - found->address > FAR) && ig_monotonic() - kernel->read_at > AGAIN_NS) {
		read_all(kernel);
		found = search(kernel, address);
	}
	if (!found)
		return NULL;
	name = kernel->names + found->name;
	*module = name + strlen(name) + 1;
	return name;
}

void ig_kallsyms_free(struct ig_kallsyms *kernel)
{
	free(kernel->symbols);
	free(kernel->names);
	*kernel = (struct ig_kallsyms){};
}
