// SPDX-License-Identifier: Apache-2.0
/* What processes have mapped: read once, and kept for stacks that are looked at when the process has ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include "symbols.h"

#define MOST_MAPS (64ull << 20)
#define AGAIN_NS 100000000ll

/* Lines are "START-END PERMISSIONS OFFSET MAJOR:MINOR INODE   PATH". */
static int parse(struct ig_process *process, char *text)
{
	struct ig_vma *mappings = NULL;
	uint32_t count = 0, room = 0;

	for (char *line = text, *next; line && *line; line = next) {
		unsigned long long start, end, offset, inode;
		unsigned int major, minor;
		char permissions[5];
		int at = 0;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, permissions, &offset, &major, &minor, &inode, &at) < 7 ||
		    permissions[2] != 'x')
			continue;
		if (count == room) {
			struct ig_vma *more;

			room = room ? room * 2 : 64;
			more = realloc(mappings, room * sizeof(*more));
			if (!more)
				break;
			mappings = more;
		}
		mappings[count++] = (struct ig_vma){ start, end, offset, makedev(major, minor), inode, line + at };
	}
	if (!count) {
		free(mappings);
		return -1;
	}
	free(process->mappings);
	free(process->paths);
	process->mappings = mappings;
	process->count = count;
	process->paths = text;
	return 0;
}

/* False: it has no memory (any more); what was known stays. */
static bool read_maps(struct ig_process *process)
{
	char path[64], *text;

	process->read_at = ig_monotonic();
	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	text = ig_read_text(path, MOST_MAPS, NULL);
	if (!text)
		return false;
	if (parse(process, text) < 0) {
		free(text);
		return false;
	}
	return true;
}

static void forget(struct ig_process *process)
{
	free(process->mappings);
	free(process->paths);
	ig_perf_map_free(&process->perf_map);
	*process = (struct ig_process){};
}

struct ig_process *ig_process_get(struct ig_processes *processes, pid_t pid, const uint64_t exe[3])
{
	struct ig_process *found = NULL, fresh = { .pid = pid };

	if (!processes->all)
		processes->all = calloc(IG_MOST_PROCESSES, sizeof(*processes->all));
	if (!processes->all)
		return NULL;
	for (uint32_t i = 0; i < processes->count && !found; i++)
		if (processes->all[i].pid == pid)
			found = &processes->all[i];
	if (found && !memcmp(found->exe, exe, sizeof(found->exe))) {
		found->used = ++processes->clock;
		return found;
	}
	/* A new one, or one that runs another program now. */
	memcpy(fresh.exe, exe, sizeof(fresh.exe));
	if (!read_maps(&fresh))
		return NULL;
	if (!found && processes->count < IG_MOST_PROCESSES)
		found = &processes->all[processes->count++];
	if (!found) {
		found = processes->all;
		for (uint32_t i = 1; i < processes->count; i++)
			if (processes->all[i].used < found->used)
				found = &processes->all[i];
	}
	forget(found);
	*found = fresh;
	found->used = ++processes->clock;
	return found;
}

static const struct ig_vma *search(const struct ig_process *process, uint64_t address)
{
	uint32_t low = ig_first_above(process->mappings, process->count, sizeof(*process->mappings), address);

	return low && address < process->mappings[low - 1].end ? &process->mappings[low - 1] : NULL;
}

const struct ig_vma *ig_process_find(struct ig_process *process, uint64_t address)
{
	const struct ig_vma *found = search(process, address);

	if (found || ig_monotonic() - process->read_at < AGAIN_NS)
		return found;
	read_maps(process);
	return search(process, address);
}

void ig_processes_free(struct ig_processes *processes)
{
	for (uint32_t i = 0; i < processes->count; i++)
		forget(&processes->all[i]);
	free(processes->all);
	*processes = (struct ig_processes){};
}
