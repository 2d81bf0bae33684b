// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every open(2), openat(2) and openat2(2), with its result.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include <gadget/user_stack_map.h>

// Of include/uapi/asm-generic/fcntl.h, as x86 and arm64 have them.
#define O_CREAT 00000100
#define O_TMPFILE_BIT 020000000

// Of include/linux/stat.h: what open_how.mode may hold.
#define S_IALLUGO 07777

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_errno error_raw;
	__u32 fd;
	gadget_file_flags flags_raw;
	gadget_file_mode mode_raw;
	struct gadget_user_stack ustack;
	char fname[NAME_MAX];
	char fpath[GADGET_PATH_MAX];
};

// Room for a hundred thousand opens of a few hundred bytes: a quarter of a second of the worst storm.
#define RING_SIZE (8 << 20)

const volatile bool targ_failed = false;
GADGET_PARAM(targ_failed);

const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_TRACER_MAP(events, RING_SIZE);
GADGET_TRACER(open, events, event);

// What the caller passed.
struct arguments {
	const char *fname;
	__u64 flags;
	__u64 mode;
};

// Records without paths stop after the first byte of fpath, its NUL.
#define SHORT_RECORD ((offsetof(struct event, fpath) + 1 + 7) & ~7)

// Reserves a record, as short as can be: what is not copied to user space costs nothing there, either.
// A size must be a constant to the verifier, and so must the one that is submitted.
static __always_inline int emit(void *ctx, const struct arguments *arguments, long result)
{
	bool creates = arguments->flags & (O_CREAT | O_TMPFILE_BIT);
	struct event *event;

	event = paths ? gadget_reserve_buf(&events, sizeof(*event)) : gadget_reserve_buf(&events, SHORT_RECORD);
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->error_raw = result < 0 ? -result : 0;
	event->fd = result < 0 ? 0 : result;
	event->flags_raw = arguments->flags;
	// The kernel ignores mode otherwise (build_open_how in fs/open.c), and the register holds anything.
	event->mode_raw = creates ? arguments->mode & S_IALLUGO : 0;
	gadget_get_user_stack(ctx, &event->ustack);
	// The kernel has just read the name, so it is in memory. When it was not a valid pointer the helper
	// fails and zeroes the destination.
	bpf_probe_read_user_str(event->fname, sizeof(event->fname), arguments->fname);
	event->fpath[0] = 0;
	if (!paths)
		return gadget_submit_buf(ctx, &events, event, SHORT_RECORD);
	if (result >= 0)
		gadget_read_fd_path(result, event->fpath);
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

static __always_inline bool wanted(long result)
{
	return !(targ_failed && result >= 0) && !gadget_should_discard_data_current();
}

static __always_inline struct arguments arguments_of_openat2(const char *fname, const struct open_how *pointer)
{
	struct open_how how = {};

	bpf_probe_read_user(&how, sizeof(how), pointer);
	return (struct arguments){ fname, how.flags, how.mode };
}

// One program per system call, at its exit. The arguments are still in the registers that were saved at
// the entry, so there is no second program and no map between the two: half the cost. Kernel 5.15 has
// bpf_task_pt_regs(). (arm64 overwrites the first register with the result, but has no open(2), and the
// others have a descriptor in it.)

static __always_inline struct pt_regs *entry_registers(void)
{
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

SEC("tracepoint/syscalls/sys_exit_open")
int ig_open_exit(struct syscall_trace_exit *ctx)
{
	struct pt_regs *regs = entry_registers();
	struct arguments arguments = {
		.fname = (const char *)PT_REGS_PARM1_SYSCALL(regs),
		.flags = PT_REGS_PARM2_SYSCALL(regs),
		.mode = PT_REGS_PARM3_SYSCALL(regs),
	};

	return wanted(ctx->ret) ? emit(ctx, &arguments, ctx->ret) : 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int ig_openat_exit(struct syscall_trace_exit *ctx)
{
	struct pt_regs *regs = entry_registers();
	struct arguments arguments = {
		.fname = (const char *)PT_REGS_PARM2_SYSCALL(regs),
		.flags = PT_REGS_PARM3_SYSCALL(regs),
		.mode = PT_REGS_PARM4_SYSCALL(regs),
	};

	return wanted(ctx->ret) ? emit(ctx, &arguments, ctx->ret) : 0;
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int ig_openat2_exit(struct syscall_trace_exit *ctx)
{
	struct pt_regs *regs = entry_registers();
	struct arguments arguments = arguments_of_openat2((const char *)PT_REGS_PARM2_SYSCALL(regs),
							  (const void *)PT_REGS_PARM3_SYSCALL(regs));

	return wanted(ctx->ret) ? emit(ctx, &arguments, ctx->ret) : 0;
}

// Older kernels: a program at the entry keeps the arguments for the one at the exit.

// By thread. Threads that are killed in the middle of a system call leave theirs behind, so the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, gadget_tid);
	__type(value, struct arguments);
} start SEC(".maps");

static __always_inline int enter(const char *fname, __u64 flags, __u64 mode)
{
	struct arguments arguments = { .fname = fname, .flags = flags, .mode = mode };
	gadget_tid tid = bpf_get_current_pid_tgid();

	if (!gadget_should_discard_data_current())
		bpf_map_update_elem(&start, &tid, &arguments, BPF_ANY);
	return 0;
}

static __always_inline int leave(struct syscall_trace_exit *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct arguments *arguments = bpf_map_lookup_elem(&start, &tid);

	if (!arguments)
		return 0;
	if (!targ_failed || ctx->ret < 0)
		emit(ctx, arguments, ctx->ret);
	bpf_map_delete_elem(&start, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_open")
int ig_open_e(struct syscall_trace_enter *ctx)
{
	return enter((const char *)ctx->args[0], ctx->args[1], ctx->args[2]);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int ig_openat_e(struct syscall_trace_enter *ctx)
{
	return enter((const char *)ctx->args[1], ctx->args[2], ctx->args[3]);
}

SEC("tracepoint/syscalls/sys_enter_openat2")
int ig_openat2_e(struct syscall_trace_enter *ctx)
{
	struct arguments arguments = arguments_of_openat2((const char *)ctx->args[1], (const void *)ctx->args[2]);

	return enter(arguments.fname, arguments.flags, arguments.mode);
}

SEC("tracepoint/syscalls/sys_exit_open")
int ig_open_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int ig_openat_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int ig_openat2_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
