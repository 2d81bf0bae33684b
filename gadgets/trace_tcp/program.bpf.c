// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// TCP connections being made, accepted and closed: by whom, and with what result.
//
// All of it from the tracepoint at which the kernel changes a socket's state. Much of that happens when a packet
// comes in, while any process may be running; so who a connection belongs to is remembered by its socket.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/socket_fd.h>
#include <gadget/syscall_args.h>
#include <gadget/types.h>

// Of include/uapi/asm-generic/errno.h.
#define ECONNABORTED 103

#if defined(__TARGET_ARCH_x86)
#define NR_CONNECT 42
#elif defined(__TARGET_ARCH_arm64)
#define NR_CONNECT 203
#endif

enum event_type : __u8 {
	connect,
	accept,
	close,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_netns_id netns_id;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	enum event_type type_raw;
	gadget_errno error_raw;
	int fd;
	int accept_fd;
};

const volatile bool accept_only = false;
const volatile bool connect_only = false;
const volatile bool failure_only = false;

GADGET_PARAM(accept_only);
GADGET_PARAM(connect_only);
GADGET_PARAM(failure_only);

GADGET_TRACER_MAP(events, 4 << 20);
GADGET_TRACER(tracetcp, events, event);

// Whose a connection is.
struct owner {
	struct gadget_process proc;
	int fd;
};

// By socket, while it is connecting or open. Those that end unseen give way to others.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sock *);
	__type(value, struct owner);
} owners SEC(".maps");

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 family = gadget_sock_family(sk);

	return (family == AF_INET || family == AF_INET6) && gadget_sock_protocol(sk) == IPPROTO_TCP;
}

static __always_inline bool wanted(enum event_type type, int error)
{
	return !(accept_only && type != accept) && !(connect_only && type != connect) && !(failure_only && !error);
}

struct about {
	enum event_type type;
	int error;
	int fd;
	int accept_fd;
};

// `owner`: NULL for the calling process.
static __always_inline int emit(void *ctx, struct sock *sk, const struct gadget_process *owner, const struct about *about)
{
	__u16 family = gadget_sock_family(sk);
	struct event *event;

	if (!wanted(about->type, about->error))
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	if (owner)
		event->proc = *owner;
	else
		gadget_process_populate(&event->proc);
	event->netns_id = gadget_sock_netns(sk);
	gadget_sock_source(sk, family, &event->src);
	gadget_sock_destination(sk, family, &event->dst);
	event->type_raw = about->type;
	event->error_raw = about->error;
	event->fd = about->fd;
	event->accept_fd = about->accept_fd;
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

static __always_inline void begin_connect(struct sock *sk, int fd)
{
	struct owner owner = { .fd = fd };

	// Who wants only accepts wants no closes, either.
	if (accept_only || gadget_should_discard_data_current())
		return;
	gadget_process_populate(&owner.proc);
	bpf_map_update_elem(&owners, &sk, &owner, BPF_ANY);
}

static __always_inline void end_connect(void *ctx, struct sock *sk, int state)
{
	struct owner *owner = bpf_map_lookup_elem(&owners, &sk);
	struct about about = { .type = connect, .accept_fd = -1 };

	if (!owner)
		return;
	about.fd = owner->fd;
	about.error = BPF_CORE_READ(sk, sk_err);
	// Closed before it was connected.
	if (state == TCP_CLOSE && !about.error)
		about.error = ECONNABORTED;
	// A connect(2) that fails at once, for want of a port, gives its result to the caller alone.
	if (BPF_CORE_READ((struct inet_sock *)sk, inet_sport))
		emit(ctx, sk, &owner->proc, &about);
	if (state == TCP_CLOSE)
		bpf_map_delete_elem(&owners, &sk);
}

static __always_inline void end_connection(void *ctx, struct sock *sk)
{
	struct owner *owner = bpf_map_lookup_elem(&owners, &sk);
	struct about about = { .type = close, .fd = -1, .accept_fd = -1 };

	// Held by a system call: the caller is the one who closes it. Else by a packet, a reset.
	if (BPF_CORE_READ(sk, sk_lock.owned)) {
		if (!gadget_should_discard_data_current())
			emit(ctx, sk, 0, &about);
	} else if (owner) {
		emit(ctx, sk, &owner->proc, &about);
	}
	bpf_map_delete_elem(&owners, &sk);
}

static __always_inline int on_state(void *ctx, struct sock *sk, int before, int after, int fd)
{
	if (!is_tcp(sk))
		return 0;
	if (before == TCP_CLOSE && after == TCP_SYN_SENT)
		begin_connect(sk, fd);
	else if (before == TCP_SYN_SENT && (after == TCP_ESTABLISHED || after == TCP_CLOSE))
		end_connect(ctx, sk, after);
	else if ((before == TCP_ESTABLISHED && (after == TCP_FIN_WAIT1 || after == TCP_CLOSE)) ||
		 (before == TCP_CLOSE_WAIT && (after == TCP_LAST_ACK || after == TCP_CLOSE)))
		end_connection(ctx, sk);
	return 0;
}

// The descriptor that the caller passed to connect(2) is still in its registers.
SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(ig_tcp_state, struct sock *sk, int before, int after)
{
	int fd = -1;

	if (after == TCP_SYN_SENT) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
#if defined(__TARGET_ARCH_x86)
		if (regs->orig_ax == NR_CONNECT)
			fd = PT_REGS_PARM1_SYSCALL(regs);
#else
		if (regs->syscallno == NR_CONNECT)
			fd = PT_REGS_PARM1_SYSCALL(regs);
#endif
	}
	return on_state(ctx, sk, before, after, fd);
}

// Older kernels: a program at the entry keeps it.

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, gadget_tid);
	__type(value, int);
} connecting SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_connect")
int ig_connect_e(struct syscall_trace_enter *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	int fd = ctx->args[0];

	if (!gadget_should_discard_data_current())
		bpf_map_update_elem(&connecting, &tid, &fd, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_connect")
int ig_connect_x(struct syscall_trace_exit *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&connecting, &tid);
	return 0;
}

SEC("raw_tp/inet_sock_set_state")
int BPF_PROG(ig_tcp_state_pair, struct sock *sk, int before, int after)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	int *fd = after == TCP_SYN_SENT ? bpf_map_lookup_elem(&connecting, &tid) : 0;

	return on_state(ctx, sk, before, after, fd ? *fd : -1);
}

static __always_inline int on_accept(void *ctx, const struct gadget_syscall_args *args, long result)
{
	struct about about = { .type = accept, .fd = args->values[0], .accept_fd = result };
	struct owner owner = {};
	struct sock *sk;

	if (result < 0 || connect_only)
		return 0;
	sk = gadget_sock_of_fd(result);
	if (!sk || !is_tcp(sk))
		return 0;
	gadget_process_populate(&owner.proc);
	bpf_map_update_elem(&owners, &sk, &owner, BPF_ANY);
	return emit(ctx, sk, 0, &about);
}

GADGET_SYSCALL(accept, on_accept)
GADGET_SYSCALL(accept4, on_accept)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
