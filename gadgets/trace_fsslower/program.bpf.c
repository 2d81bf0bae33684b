// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Reads, writes, opens, syncs and statfs of one type of file system that take longer than a limit.
//
// At the entry of a call only its time and arguments are kept: what file it is about is found out at the exit, of
// slow calls alone. Nothing here depends on a file system's own functions, so any type can be watched.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#define GADGET_NO_SYSCALL_MAP
#include <gadget/syscall_args.h>
#include <gadget/types.h>

#define FILE_NAME_LEN 32
#define TYPE_NAME_LEN 16

// What the kernel passes to a file system for fsync(2): all of the file.
#define WHOLE_FILE 0x7fffffffffffffffULL

enum fs_file_op {
	F_READ,
	F_WRITE,
	F_OPEN,
	F_FSYNC,
	F_STATFS,
	F_MAX_OP,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	__u64 delta_us;
	__s64 offset;
	__u64 size;
	enum fs_file_op op_raw;
	char file[FILE_NAME_LEN];
};

const volatile __u64 min_lat_us = 0;
GADGET_PARAM(min_lat_us);

const volatile char filesystem[TYPE_NAME_LEN] = "ext4";
GADGET_PARAM(filesystem);

GADGET_TRACER_MAP(events, 1 << 20);
GADGET_TRACER(malloc, events, event);

struct call {
	__u64 start;
	struct gadget_syscall_args args;
};

// By thread. Threads that are killed in the middle of a call leave theirs behind, so the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, gadget_tid);
	__type(value, struct call);
} calls SEC(".maps");

// Kernel 6.13 put the file that an overlay's stands for into a struct of its own (18e48d0e2c7b "ovl: store upper real
// file in ovl_file struct"); before, it is the file's private data.
struct ovl_file {
	struct file *realfile;
} __attribute__((preserve_access_index));

// Whether the name of a file system's type begins with what the user asked for: nfs is nfs4, too, and fuse fuseblk.
static __always_inline bool is_wanted_type(struct super_block *sb)
{
	char name[TYPE_NAME_LEN] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(sb, s_type, name));
#pragma unroll
	for (int i = 0; i < TYPE_NAME_LEN; i++) {
		if (!filesystem[i])
			return true;
		if (name[i] != filesystem[i])
			return false;
	}
	return true;
}

static __always_inline bool is_overlay(struct super_block *sb)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(sb, s_type, name));
	return name[0] == 'o' && name[1] == 'v' && name[2] == 'e' && name[3] == 'r' && name[4] == 'l' && name[5] == 'a' &&
	       name[6] == 'y';
}

// A file of an overlay is of the file system underneath, too: that does the work.
static __always_inline bool is_wanted_file(struct file *file)
{
	struct super_block *sb = BPF_CORE_READ(file, f_inode, i_sb);
	void *data;

	if (is_wanted_type(sb))
		return true;
	if (!is_overlay(sb))
		return false;
	data = BPF_CORE_READ(file, private_data);
	file = bpf_core_type_exists(struct ovl_file) ? BPF_CORE_READ((struct ovl_file *)data, realfile) : data;
	return is_wanted_type(BPF_CORE_READ(file, f_inode, i_sb));
}

static __always_inline int enter(struct syscall_trace_enter *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct call call;

	if (gadget_should_discard_data_current())
		return 0;
	call.start = bpf_ktime_get_ns();
	gadget_copy_syscall_args(ctx, &call.args);
	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

struct operation {
	enum fs_file_op op;
	__u64 delta_ns;
	__s64 offset;
	__u64 size;
};

static __always_inline int emit(void *ctx, struct file *file, const struct operation *operation)
{
	struct event *event;

	if (!file || !is_wanted_file(file))
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->delta_us = operation->delta_ns / 1000;
	event->offset = operation->offset;
	event->size = operation->size;
	event->op_raw = operation->op;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

static __always_inline struct file *file_of(__u32 fd)
{
	return gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd);
}

// How each kind of call says which file, where and how much. `result` is not negative.

static __always_inline int moved(void *ctx, const struct call *call, struct operation *operation, long result)
{
	struct file *file = file_of(call->args.values[0]);

	operation->size = result;
	// The call has moved it on by what it read or wrote.
	operation->offset = BPF_CORE_READ(file, f_pos) - result;
	return emit(ctx, file, operation);
}

static __always_inline int at_offset(void *ctx, const struct call *call, struct operation *operation, long result)
{
	operation->size = result;
	operation->offset = call->args.values[3];
	return emit(ctx, file_of(call->args.values[0]), operation);
}

// An offset of -1: where the file is.
static __always_inline int at_offset_or_moved(void *ctx, const struct call *call, struct operation *operation, long result)
{
	return (long)call->args.values[3] == -1 ? moved(ctx, call, operation, result) : at_offset(ctx, call, operation, result);
}

static __always_inline int opened(void *ctx, const struct call *call, struct operation *operation, long result)
{
	return emit(ctx, file_of(result), operation);
}

static __always_inline int synced(void *ctx, const struct call *call, struct operation *operation, long result)
{
	operation->size = WHOLE_FILE;
	return emit(ctx, file_of(call->args.values[0]), operation);
}

static __always_inline int asked(void *ctx, const struct call *call, struct operation *operation, long result)
{
	return emit(ctx, file_of(call->args.values[0]), operation);
}

#define TRACE(syscall, operation_kind, found)                                                       \
	SEC("tracepoint/syscalls/sys_enter_" #syscall)                                              \
	int ig_##syscall##_e(struct syscall_trace_enter *ctx)                                       \
	{                                                                                           \
		return enter(ctx);                                                                  \
	}                                                                                           \
	SEC("tracepoint/syscalls/sys_exit_" #syscall)                                               \
	int ig_##syscall##_x(struct syscall_trace_exit *ctx)                                        \
	{                                                                                           \
		gadget_tid tid = bpf_get_current_pid_tgid();                                        \
		struct call *call = bpf_map_lookup_elem(&calls, &tid);                              \
		struct operation operation = { .op = operation_kind };                              \
                                                                                                    \
		if (!call)                                                                          \
			return 0;                                                                   \
		operation.delta_ns = bpf_ktime_get_ns() - call->start;                              \
		if (ctx->ret >= 0 && (!min_lat_us || operation.delta_ns > 1000 * min_lat_us))       \
			found(ctx, call, &operation, ctx->ret);                                     \
		bpf_map_delete_elem(&calls, &tid);                                                  \
		return 0;                                                                           \
	}

TRACE(read, F_READ, moved)
TRACE(readv, F_READ, moved)
TRACE(pread64, F_READ, at_offset)
TRACE(preadv, F_READ, at_offset)
TRACE(preadv2, F_READ, at_offset_or_moved)
TRACE(write, F_WRITE, moved)
TRACE(writev, F_WRITE, moved)
TRACE(pwrite64, F_WRITE, at_offset)
TRACE(pwritev, F_WRITE, at_offset)
TRACE(pwritev2, F_WRITE, at_offset_or_moved)
TRACE(open, F_OPEN, opened)
TRACE(creat, F_OPEN, opened)
TRACE(openat, F_OPEN, opened)
TRACE(openat2, F_OPEN, opened)
TRACE(fsync, F_FSYNC, synced)
TRACE(fdatasync, F_FSYNC, synced)
TRACE(fstatfs, F_STATFS, asked)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
