// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The processes that there are.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/types.h>

const volatile bool show_threads = false;
GADGET_PARAM(show_threads);

GADGET_SNAPSHOTTER(processes, gadget_process, ig_snap_proc);

SEC("iter/task")
int ig_snap_proc(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct gadget_process process = {};

	// The last call, after all tasks.
	if (!task)
		return 0;
	if (!show_threads && task->tgid != task->pid)
		return 0;
	gadget_process_populate_from_task(task, &process);
	if (gadget_should_discard_process(&process))
		return 0;
	bpf_seq_write(seq, &process, sizeof(process));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
