// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE /* O_PATH */
/* Functions of JIT compilers, by the files that they write for perf: /tmp/perf-PID.map, lines of "START SIZE NAME" in hex. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "symbols.h"

struct ig_perf_symbol {
	uint64_t start, size;
	uint32_t name, line;
};

#define MOST_BYTES (64ull << 20)
#define CHECK_NS 500000000ll
/* Code that was compiled again may lie inside of older code's place. */
#define OVERLAP 64

int ig_open_in_root(pid_t pid, const char *path, bool follow)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char root[64];
	struct stat status;
	int at, fd, error;

	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return -errno;
	/* What is opened is looked at first: opening a device may do something. */
	how.flags |= O_PATH;
	how.flags &= ~(uint64_t)(O_RDONLY | O_NONBLOCK | O_NOCTTY);
	fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
	error = errno;
	close(at);
	if (fd < 0)
		return -error;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return -EACCES;
	}
	snprintf(root, sizeof(root), "/proc/self/fd/%d", fd);
	at = open(root, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	error = errno;
	close(fd);
	return at < 0 ? -error : at;
}

/* What the process calls itself, in its own pid namespace. */
static pid_t own_pid(pid_t pid)
{
	char path[64], *text, *line;
	pid_t own = pid;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = ig_read_text(path, 16 << 10, NULL);
	line = text ? strstr(text, "\nNStgid:") : NULL;
	if (line) {
		char *end = strchr(line + 1, '\n');

		if (end) {
			*end = 0;
			line = strrchr(line + 1, '\t');
			if (line)
				own = atoi(line + 1);
		}
	}
	free(text);
	return own;
}

static int by_start(const void *a, const void *b)
{
	const struct ig_perf_symbol *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return left->line < right->line ? -1 : left->line > right->line;
}

static void parse(struct ig_perf_map *map, char *text)
{
	uint32_t room = 0;

	map->names = text;
	for (char *line = text, *next; line && *line; line = next) {
		char *rest, *end = strchr(line, '\n');
		uint64_t start, size;

		next = end ? end + 1 : NULL;
		if (!end)
			break; /* still being written */
		*end = 0;
		start = strtoull(line, &rest, 16);
		if (rest == line || *rest != ' ')
			continue;
		line = rest;
		size = strtoull(line, &rest, 16);
		if (rest == line || *rest != ' ' || !rest[1] || !size)
			continue;
		if (map->count == room) {
			struct ig_perf_symbol *more;

			room = room ? room * 2 : 4096;
			more = realloc(map->symbols, room * sizeof(*more));
			if (!more)
				break;
			map->symbols = more;
		}
		map->symbols[map->count] = (struct ig_perf_symbol){ start, size, (uint32_t)(rest + 1 - text), map->count };
		map->count++;
	}
	qsort(map->symbols, map->count, sizeof(*map->symbols), by_start);
}

static char *read_fd(int fd, size_t most)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return ig_read_text(path, most, NULL);
}

/* Reads the file if there is another than the last time. As perf does, only one of the process's own user, or root's. */
static void refresh(struct ig_perf_map *map, pid_t pid)
{
	const int64_t now = ig_monotonic();
	struct stat status, process;
	char path[64], *text;
	int fd;

	if (map->checked_at && now - map->checked_at < CHECK_NS)
		return;
	map->checked_at = now;
	snprintf(path, sizeof(path), "tmp/perf-%d.map", own_pid(pid));
	fd = ig_open_in_root(pid, path, false);
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (fstat(fd, &status) || stat(path, &process) || (status.st_uid && status.st_uid != process.st_uid) ||
	    (status.st_size == map->size && status.st_mtim.tv_sec == map->modified.sec && status.st_mtim.tv_nsec == map->modified.nsec)) {
		close(fd);
		return;
	}
	text = read_fd(fd, MOST_BYTES);
	close(fd);
	if (!text)
		return;
	ig_perf_map_free(map);
	*map = (struct ig_perf_map){
		.modified = { status.st_mtim.tv_sec, status.st_mtim.tv_nsec },
		.size = status.st_size,
		.checked_at = now,
	};
	parse(map, text);
}

static const char *search(const struct ig_perf_map *map, uint64_t address)
{
	const struct ig_perf_symbol *best = NULL;
	uint32_t low = ig_first_above(map->symbols, map->count, sizeof(*map->symbols), address);

	for (uint32_t i = 0; i < OVERLAP && low-- > 0; i++) {
		const struct ig_perf_symbol *symbol = &map->symbols[low];

		if (address - symbol->start < symbol->size && (!best || symbol->line > best->line))
			best = symbol;
	}
	return best ? map->names + best->name : NULL;
}

const char *ig_perf_map_find(struct ig_perf_map *map, pid_t pid, uint64_t address)
{
	const char *found;

	/* The first time, and again where compilers go on. */
	if (!map->checked_at)
		refresh(map, pid);
	found = search(map, address);
	if (found)
		return found;
	refresh(map, pid);
	return search(map, address);
}

void ig_perf_map_free(struct ig_perf_map *map)
{
	free(map->symbols);
	free(map->names);
	*map = (struct ig_perf_map){};
}
