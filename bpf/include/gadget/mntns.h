// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The mount namespace of the calling task, by which events find their container.
#ifndef GADGET_MNTNS_H
#define GADGET_MNTNS_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/types.h>

// Whether bpf_get_current_task_btf() exists (kernel 5.11): a constant once the object is loaded. Tracing
// programs only; a socket filter may not call it on any kernel.
#define gadget_has_task_btf() bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

// 0 for a task that is exiting and has left its namespaces.
static __always_inline gadget_mntns_id gadget_get_current_mntns_id(void)
{
	struct task_struct *task;

	if (gadget_has_task_btf())
		return bpf_get_current_task_btf()->nsproxy->mnt_ns->ns.inum;
	task = (struct task_struct *)bpf_get_current_task();
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline gadget_mntns_id gadget_get_mntns_id(void)
{
	return gadget_get_current_mntns_id();
}

#endif
