// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Fills the parts that most records have in common.
//
// Each function comes in two forms that give the same result. Kernel 5.11 has bpf_get_current_task_btf():
// what it returns may be read by plain loads, about a nanosecond each, where bpf_probe_read_kernel() is a
// call per pointer. gadget_has_task_btf() is a constant once the object is loaded, so the verifier drops
// the form that is not used, and with it a helper that an older kernel would refuse.
#ifndef GADGET_COMMON_H
#define GADGET_COMMON_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/types.h>
#include <gadget/mntns.h>

// Of a comm in task_struct, which the kernel pads with zeros to its end (strscpy_pad in __set_task_comm).
// The destination is aligned to 8 in every record: gadget_process starts with it.
static __always_inline void gadget_copy_comm(void *to, const void *from)
{
	((__u64 *)to)[0] = ((const __u64 *)from)[0];
	((__u64 *)to)[1] = ((const __u64 *)from)[1];
}

static __always_inline void gadget_process_populate_by_loads(struct gadget_process *process)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *parent = task->real_parent;
	const struct cred *cred = task->cred;

	gadget_copy_comm(process->comm, task->comm);
	process->pid = task->tgid;
	process->tid = task->pid;
	process->mntns_id = task->nsproxy->mnt_ns->ns.inum;
	process->creds.uid = cred->uid.val;
	process->creds.gid = cred->gid.val;
	gadget_copy_comm(process->parent.comm, parent->comm);
	process->parent.pid = parent->tgid;
	process->parent.tid = parent->pid;
}

// Fills `process` from any task, by probes. For iterators, and tracepoints that name another task.
static __always_inline void gadget_process_populate_from_task(struct task_struct *task,
							      struct gadget_process *process)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	BPF_CORE_READ_INTO(&process->comm, task, comm);
	process->pid = BPF_CORE_READ(task, tgid);
	process->tid = BPF_CORE_READ(task, pid);
	process->mntns_id = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	process->creds.uid = BPF_CORE_READ(task, cred, uid.val);
	process->creds.gid = BPF_CORE_READ(task, cred, gid.val);
	BPF_CORE_READ_INTO(&process->parent.comm, parent, comm);
	process->parent.pid = BPF_CORE_READ(parent, tgid);
	process->parent.tid = BPF_CORE_READ(parent, pid);
}

// Fills `process`, every byte of it, from the calling task. `process` is aligned to 8.
static __always_inline void gadget_process_populate(struct gadget_process *process)
{
	if (gadget_has_task_btf())
		gadget_process_populate_by_loads(process);
	else
		gadget_process_populate_from_task((struct task_struct *)bpf_get_current_task(), process);
}

#endif
