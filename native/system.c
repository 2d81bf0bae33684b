// SPDX-License-Identifier: Apache-2.0
/* Small things of the system that JavaScript has no call for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "internal.h"

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Wall time read between two readings of the clock; the closest pair of a few wins, for we may be preempted. */
static int64_t offset_of(clockid_t clock)
{
	int64_t best = 0, closest = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t before = nanoseconds(clock), wall = nanoseconds(CLOCK_REALTIME), after = nanoseconds(clock);

		if (after - before < closest) {
			closest = after - before;
			best = wall - before - closest / 2;
		}
	}
	return best;
}

void ig_clock_offsets(int64_t *boot, int64_t *mono)
{
	*boot = offset_of(CLOCK_BOOTTIME);
	*mono = offset_of(CLOCK_MONOTONIC);
}

int ig_percpu_sum(int map_fd, uint32_t key, uint64_t *sum)
{
	struct bpf_map_info info = {};
	uint32_t info_size = sizeof(info);
	int cpus = libbpf_num_possible_cpus(), error;
	uint64_t *values; /* the kernel rounds each CPU's value up to 8 bytes */

	if (cpus < 0)
		return cpus;
	error = bpf_map_get_info_by_fd(map_fd, &info, &info_size);
	if (error)
		return error;
	if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY || (info.value_size != 4 && info.value_size != 8))
		return -EINVAL;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	error = bpf_map_lookup_elem(map_fd, &key, values);
	*sum = 0;
	for (int cpu = 0; !error && cpu < cpus; cpu++)
		*sum += info.value_size == 4 ? (uint32_t)values[cpu] : values[cpu];
	free(values);
	return error;
}

uint32_t ig_crc32(const uint8_t *bytes, size_t size)
{
	return (uint32_t)crc32_z(0, bytes, size);
}

int ig_poll_writable(int fd, int timeout_ms)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	int count = poll(&writable, 1, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	return count;
}

/* Of include/uapi/linux/mount.h, which does not go together with libc's. */
#define FSOPEN_CLOEXEC_ 1
#define FSCONFIG_CMD_CREATE_ 6
#define FSMOUNT_CLOEXEC_ 1

int ig_cgroup2_open(void)
{
	int context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC_), mount, root;

	if (context < 0)
		return -errno;
	mount = syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE_, NULL, NULL, 0) ? -1
		: (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC_, 0);
	root = mount < 0 ? -errno : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount >= 0 && root < 0)
		root = -errno;
	if (mount >= 0)
		close(mount);
	close(context);
	return root;
}
