// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs that see a system call when it returns: its arguments and its result.
//
// GADGET_SYSCALL(kill, on_kill) makes ig_kill_exit, and for older kernels the pair ig_kill_e, ig_kill_x.
// Which are loaded is gadget.yaml's to say:
//
//     hooks:
//       kill:
//         - {programs: [ig_kill_exit], needs: ["helper:bpf_task_pt_regs"]}
//         - {programs: [ig_kill_e, ig_kill_x]}
//
// GADGET_NO_SYSCALL_MAP, defined before, leaves that out, for gadgets that keep more than the arguments.
#ifndef GADGET_SYSCALL_ARGS_H
#define GADGET_SYSCALL_ARGS_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/filter.h>
#include <gadget/types.h>

struct gadget_syscall_args {
	unsigned long values[6];
};

// By the helper: a program that loads what the call does not have cannot be attached to it. There is always
// room for six (struct syscall_tp_t in kernel/trace/trace_syscalls.c); those that the call does not have hold anything.
static __always_inline void gadget_copy_syscall_args(struct syscall_trace_enter *ctx, struct gadget_syscall_args *to)
{
	bpf_probe_read_kernel(to->values, sizeof(to->values), ctx->args);
}

#ifndef GADGET_NO_SYSCALL_MAP

// By thread, for the pair. Threads that are killed in the middle of a system call leave theirs behind, so
// the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, gadget_tid);
	__type(value, struct gadget_syscall_args);
} gadget_syscalls SEC(".maps");

// The arguments are still in the registers that were saved at the entry. (arm64 puts the result into the
// first, which PT_REGS_PARM1_SYSCALL knows.) Kernel 5.15 has bpf_task_pt_regs().
static __always_inline void gadget_read_syscall_args(struct gadget_syscall_args *to)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	to->values[0] = PT_REGS_PARM1_SYSCALL(regs);
	to->values[1] = PT_REGS_PARM2_SYSCALL(regs);
	to->values[2] = PT_REGS_PARM3_SYSCALL(regs);
	to->values[3] = PT_REGS_PARM4_SYSCALL(regs);
	to->values[4] = PT_REGS_PARM5_SYSCALL(regs);
	to->values[5] = PT_REGS_PARM6_SYSCALL(regs);
}

static __always_inline int gadget_save_syscall_args(struct syscall_trace_enter *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct gadget_syscall_args args;

	if (gadget_should_discard_data_current())
		return 0;
	gadget_copy_syscall_args(ctx, &args);
	bpf_map_update_elem(&gadget_syscalls, &tid, &args, BPF_ANY);
	return 0;
}

// `on_exit`: static __always_inline int on_exit(void *ctx, const struct gadget_syscall_args *args, long result),
// called for processes that the filters let through.
#define GADGET_SYSCALL(name, on_exit)                                                   \
	SEC("tracepoint/syscalls/sys_exit_" #name)                                      \
	int ig_##name##_exit(struct syscall_trace_exit *ctx)                            \
	{                                                                               \
		struct gadget_syscall_args args;                                        \
                                                                                        \
		if (gadget_should_discard_data_current())                               \
			return 0;                                                       \
		gadget_read_syscall_args(&args);                                        \
		return on_exit(ctx, &args, ctx->ret);                                   \
	}                                                                               \
	SEC("tracepoint/syscalls/sys_enter_" #name)                                     \
	int ig_##name##_e(struct syscall_trace_enter *ctx)                              \
	{                                                                               \
		return gadget_save_syscall_args(ctx);                                   \
	}                                                                               \
	SEC("tracepoint/syscalls/sys_exit_" #name)                                      \
	int ig_##name##_x(struct syscall_trace_exit *ctx)                               \
	{                                                                               \
		gadget_tid tid = bpf_get_current_pid_tgid();                            \
		struct gadget_syscall_args *args = bpf_map_lookup_elem(&gadget_syscalls, &tid); \
                                                                                        \
		if (!args)                                                              \
			return 0;                                                       \
		on_exit(ctx, args, ctx->ret);                                           \
		bpf_map_delete_elem(&gadget_syscalls, &tid);                            \
		return 0;                                                               \
	}

#endif

#endif
