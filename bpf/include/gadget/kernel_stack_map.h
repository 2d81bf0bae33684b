// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Stacks of the kernel's side.
#ifndef GADGET_KERNEL_STACK_MAP_H
#define GADGET_KERNEL_STACK_MAP_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <gadget/types.h>

#ifndef PERF_MAX_STACK_DEPTH
#define PERF_MAX_STACK_DEPTH 127
#endif
#define GADGET_KERNEL_STACKS 10000
#define GADGET_KERNEL_MAX_STACK_DEPTH PERF_MAX_STACK_DEPTH

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, GADGET_KERNEL_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PERF_MAX_STACK_DEPTH * sizeof(__u64));
} ig_kstack SEC(".maps");

// The stack's key for a gadget_kernel_stack field; negative when it could not be taken.
static __always_inline long gadget_get_kernel_stack(void *ctx)
{
	return bpf_get_stackid(ctx, &ig_kstack, BPF_F_FAST_STACK_CMP);
}

#endif
