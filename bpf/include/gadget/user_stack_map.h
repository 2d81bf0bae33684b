// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stacks of the user's side, taken when the user asks for them (--collect-ustack).
//
// A record carries a key and what is needed to make sense of the addresses later; the addresses are in
// ig_ustack and, with --collect-build-id, offsets in files with the files' build ids in ig_build_id.
#ifndef GADGET_USER_STACK_MAP_H
#define GADGET_USER_STACK_MAP_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include <gadget/core_fixes.bpf.h>

#ifndef PERF_MAX_STACK_DEPTH
#define PERF_MAX_STACK_DEPTH 127
#endif
#define GADGET_USER_STACKS 10000
#define GADGET_USER_MAX_STACK_DEPTH PERF_MAX_STACK_DEPTH
#define GADGET_NO_STACK ((__u32)-1)

const volatile bool collect_ustack = false;
const volatile bool collect_build_id = false;
// Correlates the record with a stack of the OpenTelemetry eBPF profiler, where the host runs one.
const volatile bool collect_otel_stack = false;
const volatile int ig_build_id_max_entries = 1024;

GADGET_PARAM(collect_ustack);
GADGET_PARAM(collect_build_id);
GADGET_PARAM(collect_otel_stack);
GADGET_PARAM(ig_build_id_max_entries);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, GADGET_USER_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PERF_MAX_STACK_DEPTH * sizeof(__u64));
} ig_ustack SEC(".maps");

struct gadget_build_ids {
	struct bpf_stack_build_id frames[PERF_MAX_STACK_DEPTH];
};

// Not allocated in advance: 4 KiB each.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct gadget_build_ids);
} ig_build_id SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gadget_build_ids);
} ig_build_id_scratch SEC(".maps");

static __always_inline void gadget_store_build_ids(void *ctx, __u32 stack_id)
{
	__u32 zero = 0;
	struct gadget_build_ids *ids;
	long size;

	if (bpf_map_lookup_elem(&ig_build_id, &stack_id))
		return;
	ids = bpf_map_lookup_elem(&ig_build_id_scratch, &zero);
	if (!ids)
		return;
	// The kernel zeroes what it does not fill only on error, and older ones not even then.
	__builtin_memset(ids->frames, 0, sizeof(ids->frames[0]));
	size = bpf_get_stack(ctx, ids->frames, sizeof(ids->frames), BPF_F_USER_STACK | BPF_F_USER_BUILD_ID);
	if (size <= 0)
		return;
	// An empty frame ends a shorter stack.
	if (size < sizeof(ids->frames)) {
		__u32 end = (__u32)size / sizeof(ids->frames[0]);

		// The verifier has to see the bound on the very register that is the index.
		barrier_var(end);
		if (end < PERF_MAX_STACK_DEPTH)
			ids->frames[end].status = BPF_STACK_BUILD_ID_EMPTY;
	}
	bpf_map_update_elem(&ig_build_id, &stack_id, ids, BPF_ANY);
}

static __always_inline void gadget_describe_executable(struct task_struct *task, struct gadget_user_stack *stack)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	__u64 start = BPF_CORE_READ(task, mm, start_code);
	__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	// The kernel's own dev_t: 12 bits of major above 20 of minor.
	stack->major = device >> 20;
	stack->minor = device & ((1 << 20) - 1);
	stack->inode = BPF_CORE_READ(inode, i_ino);
	stack->mtime_sec = gadget_inode_mtime_sec(inode);
	stack->mtime_nsec = gadget_inode_mtime_nsec(inode);
	// Addresses are page aligned and below 2^47: the bits that differ end up in the low word.
	stack->base_addr_hash = (start >> 12) ^ (start >> 44);
}

// What a task is called in the pid namespace that is `depth` below the root.
static __always_inline struct upid gadget_pid_at(struct pid *pid, __u32 depth)
{
	struct upid level = {};

	// Not numbers[depth]: before 6.5 the array was declared with one element, and CO-RE refuses an index
	// beyond that.
	bpf_probe_read_kernel(&level, sizeof(level), (void *)&pid->numbers + depth * bpf_core_type_size(struct upid));
	return level;
}

static __always_inline void gadget_describe_pids(struct task_struct *task, struct gadget_user_stack *stack)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid level = gadget_pid_at(pid, 0);

	stack->tgid_level0 = BPF_CORE_READ(task, tgid);
	stack->pid_level0 = BPF_CORE_READ(task, pid);
	stack->pidns_level0 = BPF_CORE_READ(level.ns, ns.inum);
	if (BPF_CORE_READ(pid, level) == 0)
		return;
	level = gadget_pid_at(pid, 1);
	stack->pid_level1 = level.nr;
	stack->pidns_level1 = BPF_CORE_READ(level.ns, ns.inum);
}

// Fills `stack`, every byte of it: with zeros when no stack was asked for. `ctx` is the context of a
// tracepoint, kprobe, uprobe, perf event or raw tracepoint program.
static __always_inline void gadget_get_user_stack(void *ctx, struct gadget_user_stack *stack)
{
	struct task_struct *task;
	long id;

	__builtin_memset(stack, 0, sizeof(*stack));
	if (!collect_ustack)
		return;
	id = bpf_get_stackid(ctx, &ig_ustack, BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP);
	stack->stack_id = id >= 0 ? (__u32)id : GADGET_NO_STACK;
	if (id >= 0 && collect_build_id)
		gadget_store_build_ids(ctx, id);
	task = (struct task_struct *)bpf_get_current_task();
	gadget_describe_executable(task, stack);
	gadget_describe_pids(task, stack);
	stack->boot_timestamp = bpf_ktime_get_boot_ns();
}

// Inspektor Gadget's names for kinds of programs. One function does for all of them.
#define gadget_get_user_stack_from_kprobe(ctx, stack) gadget_get_user_stack(ctx, stack)
#define gadget_get_user_stack_from_perf_event(ctx, stack) gadget_get_user_stack(ctx, stack)
#define gadget_get_user_stack_from_tracepoint(ctx, stack) gadget_get_user_stack(ctx, stack)

#endif
