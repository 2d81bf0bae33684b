// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every mount(2) and umount2(2), with its result and how long it took.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/types.h>

#define FS_NAME_LEN 8
#define DATA_LEN 512

enum op {
	MOUNT,
	UMOUNT,
};

// Of include/uapi/linux/mount.h and include/linux/fs.h.
enum flags_set : unsigned long long {
	MS_RDONLY = 1 << 0,
	MS_NOSUID = 1 << 1,
	MS_NODEV = 1 << 2,
	MS_NOEXEC = 1 << 3,
	MS_SYNCHRONOUS = 1 << 4,
	MS_REMOUNT = 1 << 5,
	MS_MANDLOCK = 1 << 6,
	MS_DIRSYNC = 1 << 7,
	MS_NOSYMFOLLOW = 1 << 8,
	MS_NOATIME = 1 << 10,
	MS_NODIRATIME = 1 << 11,
	MS_BIND = 1 << 12,
	MS_MOVE = 1 << 13,
	MS_REC = 1 << 14,
	MS_SILENT = 1 << 15,
	MS_POSIXACL = 1 << 16,
	MS_UNBINDABLE = 1 << 17,
	MS_PRIVATE = 1 << 18,
	MS_SLAVE = 1 << 19,
	MS_SHARED = 1 << 20,
	MS_RELATIME = 1 << 21,
	MS_KERNMOUNT = 1 << 22,
	MS_I_VERSION = 1 << 23,
	MS_STRICTATIME = 1 << 24,
	MS_LAZYTIME = 1 << 25,
	MS_SUBMOUNT = 1 << 26,
	MS_NOREMOTELOCK = 1 << 27,
	MS_NOSEC = 1 << 28,
	MS_BORN = 1 << 29,
	MS_ACTIVE = 1 << 30,
	MS_NOUSER = 1ULL << 31,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_duration delta_raw;
	enum flags_set flags_raw;
	gadget_errno error_raw;
	char fs[FS_NAME_LEN];
	char src[GADGET_PATH_MAX];
	char dest[GADGET_PATH_MAX];
	char data[DATA_LEN];
	enum op op_raw;
};

GADGET_TRACER_MAP(events, 1 << 20);
GADGET_TRACER(mount, events, event);

struct call {
	__u64 start;
	__u64 flags;
	const char *fs;
	const char *src;
	const char *dest;
	const char *data;
};

// By thread. How long a call takes needs a program at its entry, so that keeps the arguments, too. Threads
// that are killed in the middle leave theirs behind, so the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, gadget_tid);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline int enter(struct call *call)
{
	gadget_tid tid = bpf_get_current_pid_tgid();

	if (gadget_should_discard_data_current())
		return 0;
	call->start = bpf_ktime_get_ns();
	bpf_map_update_elem(&calls, &tid, call, BPF_ANY);
	return 0;
}

static __always_inline void emit(void *ctx, const struct call *call, enum op op, long result)
{
	__u64 now = bpf_ktime_get_ns();
	struct event *event = gadget_reserve_buf(&events, sizeof(*event));

	if (!event)
		return;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->delta_raw = now - call->start;
	event->flags_raw = call->flags;
	event->error_raw = result < 0 ? -result : 0;
	event->op_raw = op;
	// The helper leaves an empty string when there is none.
	bpf_probe_read_user_str(event->fs, sizeof(event->fs), call->fs);
	bpf_probe_read_user_str(event->src, sizeof(event->src), call->src);
	bpf_probe_read_user_str(event->dest, sizeof(event->dest), call->dest);
	bpf_probe_read_user_str(event->data, sizeof(event->data), call->data);
	gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

static __always_inline int leave(struct syscall_trace_exit *ctx, enum op op)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return 0;
	emit(ctx, call, op, ctx->ret);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mount")
int ig_mount_e(struct syscall_trace_enter *ctx)
{
	struct call call = {
		.src = (const char *)ctx->args[0],
		.dest = (const char *)ctx->args[1],
		.fs = (const char *)ctx->args[2],
		.flags = ctx->args[3],
		.data = (const char *)ctx->args[4],
	};

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_mount")
int ig_mount_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx, MOUNT);
}

// umount2(2): the kernel's function is called umount.
SEC("tracepoint/syscalls/sys_enter_umount")
int ig_umount_e(struct syscall_trace_enter *ctx)
{
	struct call call = { .dest = (const char *)ctx->args[0], .flags = ctx->args[1] };

	return enter(&call);
}

SEC("tracepoint/syscalls/sys_exit_umount")
int ig_umount_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx, UMOUNT);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
