// SPDX-License-Identifier: Apache-2.0
/* The network namespaces that there are: some of what the kernel shows is only that of the thread's own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "internal.h"

struct seen {
	dev_t dev;
	ino_t inode;
};

struct namespaces {
	struct seen *seen;
	int *fds;
	uint32_t count, capacity;
};

static bool is_known(const struct namespaces *all, const struct stat *stat)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->seen[i].inode == stat->st_ino && all->seen[i].dev == stat->st_dev)
			return true;
	return false;
}

static int grow(struct namespaces *all)
{
	uint32_t capacity = all->capacity ? all->capacity * 2 : 16;
	struct seen *seen = realloc(all->seen, capacity * sizeof(*seen));
	int *fds;

	if (!seen)
		return -ENOMEM;
	all->seen = seen;
	fds = realloc(all->fds, capacity * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	all->fds = fds;
	all->capacity = capacity;
	return 0;
}

/* A namespace that has gone meanwhile, or a file that is none, is left out. */
static int add(struct namespaces *all, int folder, const char *path)
{
	struct statfs system;
	struct stat stat;
	int error, fd;

	if (fstatat(folder, path, &stat, 0) || is_known(all, &stat))
		return 0;
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -errno : 0;
	/* The process may have gone to another one, or have made way for another process. */
	if (fstat(fd, &stat) || fstatfs(fd, &system) || system.f_type != NSFS_MAGIC || is_known(all, &stat)) {
		close(fd);
		return 0;
	}
	error = all->count == all->capacity ? grow(all) : 0;
	if (error) {
		close(fd);
		return error;
	}
	all->seen[all->count] = (struct seen){ stat.st_dev, stat.st_ino };
	all->fds[all->count++] = fd;
	return 0;
}

/* `below`: what follows an entry's name. */
static int add_folder(struct namespaces *all, const char *path, const char *below, bool numbers)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char name[300];
	int error = 0;

	if (!folder)
		return 0;
	while (!error && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || (numbers && (entry->d_name[0] < '0' || entry->d_name[0] > '9')))
			continue;
		snprintf(name, sizeof(name), "%s%s", entry->d_name, below);
		error = add(all, dirfd(folder), name);
	}
	closedir(folder);
	return error;
}

int ig_netns_each(int (*visit)(void *context), void *context)
{
	struct namespaces all = {};
	int error = add(&all, AT_FDCWD, "/proc/thread-self/ns/net");
	uint32_t i;

	if (!error && !all.count)
		error = -ENOENT;
	if (!error)
		error = add_folder(&all, "/proc", "/ns/net", true);
	/* Those that are kept without a process: ip-netns(8)'s, and docker's. */
	if (!error)
		error = add_folder(&all, "/run/netns", "", false);
	if (!error)
		error = add_folder(&all, "/run/docker/netns", "", false);
	if (!error)
		error = visit(context);
	for (i = 1; i < all.count && !error; i++) {
		/* Who may not go there sees less. */
		if (!setns(all.fds[i], CLONE_NEWNET))
			error = visit(context);
	}
	if (all.count > 1 && setns(all.fds[0], CLONE_NEWNET) && errno != EPERM)
		error = -errno;
	for (i = 0; i < all.count; i++)
		close(all.fds[i]);
	free(all.fds);
	free(all.seen);
	return error;
}
