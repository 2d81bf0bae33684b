// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which files are read and written most, and by whom.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/common.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/syscall_args.h>
#include <gadget/types.h>

// Of include/uapi/linux/stat.h.
#define S_IFMT 00170000
#define S_IFSOCK 0140000
#define S_IFREG 0100000

enum op {
	READ,
	WRITE,
};

// Regular file, socket, other.
enum type {
	R,
	S,
	O,
};

struct file_id {
	__u64 inode;
	__u32 dev;
	__u64 __pid_tgid;
};

struct file_stat {
	struct gadget_process proc;
	__u64 reads;
	gadget_bytes rbytes_raw;
	__u64 writes;
	gadget_bytes wbytes_raw;
	char file[GADGET_PATH_MAX];
	enum type t_raw;
};

const volatile bool all_files = false;
GADGET_PARAM(all_files);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct file_id);
	__type(value, struct file_stat);
} stats SEC(".maps");

GADGET_MAPITER(file, stats);

// Where a new entry is made: it is too big for the stack.
GADGET_SCRATCH(scratch, struct file_stat);

// As stat(2) gives it; the kernel's own has 12 bits of major above 20 of minor.
static __always_inline __u32 user_device(__u32 device)
{
	__u32 major = device >> 20, minor = device & ((1 << 20) - 1);

	return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

static __always_inline struct file_stat *make_stat(struct file *file, __u16 mode)
{
	__u32 zero = 0;
	struct file_stat *stat = bpf_map_lookup_elem(&scratch, &zero);

	if (!stat)
		return 0;
	__builtin_memset(stat, 0, offsetof(struct file_stat, file));
	gadget_process_populate(&stat->proc);
	gadget_read_file_path(file, stat->file);
	stat->t_raw = (mode & S_IFMT) == S_IFREG ? R : (mode & S_IFMT) == S_IFSOCK ? S : O;
	return stat;
}

static __always_inline int count(const struct gadget_syscall_args *args, long result, enum op op)
{
	struct file_id id;
	struct file_stat *stat, *made;
	struct gadget_file_id file_id;
	struct file *file;

	if (result < 0)
		return 0;
	file = gadget_current_file(args->values[0]);
	if (!file)
		return 0;
	gadget_identify_file(file, &file_id);
	if (!all_files && (file_id.mode & S_IFMT) != S_IFREG)
		return 0;
	// Padding is part of the key.
	__builtin_memset(&id, 0, sizeof(id));
	id.__pid_tgid = bpf_get_current_pid_tgid();
	id.inode = file_id.inode;
	id.dev = user_device(file_id.dev);
	stat = bpf_map_lookup_elem(&stats, &id);
	if (!stat) {
		made = make_stat(file, file_id.mode);
		if (!made)
			return 0;
		stat = bpf_map_lookup_or_try_init(&stats, &id, made);
		if (!stat)
			return 0;
	}
	if (op == READ) {
		__sync_fetch_and_add(&stat->reads, 1);
		__sync_fetch_and_add(&stat->rbytes_raw, result);
	} else {
		__sync_fetch_and_add(&stat->writes, 1);
		__sync_fetch_and_add(&stat->wbytes_raw, result);
	}
	return 0;
}

static __always_inline int on_read(void *ctx, const struct gadget_syscall_args *args, long result)
{
	return count(args, result, READ);
}

static __always_inline int on_write(void *ctx, const struct gadget_syscall_args *args, long result)
{
	return count(args, result, WRITE);
}

GADGET_SYSCALL(read, on_read)
GADGET_SYSCALL(readv, on_read)
GADGET_SYSCALL(pread64, on_read)
GADGET_SYSCALL(preadv, on_read)
GADGET_SYSCALL(preadv2, on_read)
GADGET_SYSCALL(write, on_write)
GADGET_SYSCALL(writev, on_write)
GADGET_SYSCALL(pwrite64, on_write)
GADGET_SYSCALL(pwritev, on_write)
GADGET_SYSCALL(pwritev2, on_write)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
