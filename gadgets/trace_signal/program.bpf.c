// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Signals being sent: by anyone, as the kernel generates them, or by kill(2) and its like, with their results.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/syscall_args.h>
#include <gadget/types.h>

// Of include/uapi/asm-generic/errno-base.h.
#define EAGAIN 11

// Of include/trace/events/signal.h: the signal's queue is full.
#define TRACE_SIGNAL_OVERFLOW_FAIL 3

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	__u32 tpid;
	gadget_signal sig_raw;
	gadget_errno error_raw;
};

const volatile int target_signal = 0;
const volatile bool failed_only = false;
const volatile bool kill_only = false;

GADGET_PARAM(target_signal);
GADGET_PARAM(failed_only);
GADGET_PARAM(kill_only);

GADGET_TRACER_MAP(events, 1 << 20);
GADGET_TRACER(signal, events, event);

static __always_inline int emit(void *ctx, __u32 tpid, int signal, int error)
{
	struct event *event;

	if ((failed_only && !error) || (target_signal && signal != target_signal))
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->tpid = tpid;
	event->sig_raw = signal;
	event->error_raw = error;
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

SEC("tracepoint/signal/signal_generate")
int ig_signal_generate(struct trace_event_raw_signal_generate *ctx)
{
	// What came with the signal (si_errno), which is almost always 0.
	int error = ctx->errno < 0 ? -ctx->errno : ctx->errno;

	if (kill_only || gadget_should_discard_data_current())
		return 0;
	if (ctx->result == TRACE_SIGNAL_OVERFLOW_FAIL)
		error = EAGAIN;
	return emit(ctx, ctx->pid, ctx->sig, error);
}

static __always_inline int on_kill(void *ctx, const struct gadget_syscall_args *args, long result)
{
	return kill_only ? emit(ctx, args->values[0], args->values[1], result < 0 ? -result : 0) : 0;
}

static __always_inline int on_tgkill(void *ctx, const struct gadget_syscall_args *args, long result)
{
	return kill_only ? emit(ctx, args->values[1], args->values[2], result < 0 ? -result : 0) : 0;
}

GADGET_SYSCALL(kill, on_kill)
GADGET_SYSCALL(tkill, on_kill)
GADGET_SYSCALL(tgkill, on_tgkill)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
