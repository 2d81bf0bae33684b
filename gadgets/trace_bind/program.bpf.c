// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every bind(2) of an IPv4 or IPv6 socket, with the address that came of it.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/socket_fd.h>
#include <gadget/syscall_args.h>
#include <gadget/types.h>

enum bind_options_set : __u8 {
	FREEBIND = 0x1,
	TRANSPARENT = 0x2,
	BIND_ADDRESS_NO_PORT = 0x4,
	REUSEADDRESS = 0x8,
	REUSEPORT = 0x10,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_l4endpoint_t addr;
	struct gadget_process proc;
	gadget_errno error_raw;
	enum bind_options_set opts_raw;
	__u32 bound_dev_if;
};

const volatile bool ignore_errors = true;
GADGET_PARAM(ignore_errors);

GADGET_TRACER_MAP(events, 1 << 20);
GADGET_TRACER(bind, events, event);

// Until kernel 6.5; then bits of inet_flags (c274af224269 "inet: introduce inet->inet_flags").
struct inet_sock___bits {
	__u8 freebind : 1;
	__u8 transparent : 1;
	__u8 bind_address_no_port : 1;
} __attribute__((preserve_access_index));

static __always_inline __u8 options_of(struct sock *sk)
{
	struct inet_sock___bits *old = (void *)sk;
	__u8 options = 0;

	if (bpf_core_field_exists(old->freebind)) {
		if (BPF_CORE_READ_BITFIELD_PROBED(old, freebind))
			options |= FREEBIND;
		if (BPF_CORE_READ_BITFIELD_PROBED(old, transparent))
			options |= TRANSPARENT;
		if (BPF_CORE_READ_BITFIELD_PROBED(old, bind_address_no_port))
			options |= BIND_ADDRESS_NO_PORT;
	} else {
		unsigned long flags = BPF_CORE_READ((struct inet_sock *)sk, inet_flags);

		if (flags & (1UL << INET_FLAGS_FREEBIND))
			options |= FREEBIND;
		if (flags & (1UL << INET_FLAGS_TRANSPARENT))
			options |= TRANSPARENT;
		if (flags & (1UL << INET_FLAGS_BIND_ADDRESS_NO_PORT))
			options |= BIND_ADDRESS_NO_PORT;
	}
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuse))
		options |= REUSEADDRESS;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport))
		options |= REUSEPORT;
	return options;
}

// What was asked for, when the socket did not get it.
static __always_inline void read_wanted(const struct sockaddr *user, __u16 family, struct gadget_l4endpoint_t *to)
{
	struct sockaddr_in6 wanted = {};

	if (family == AF_INET6) {
		bpf_probe_read_user(&wanted, sizeof(wanted), user);
		__builtin_memcpy(to->addr_raw.v6, &wanted.sin6_addr, sizeof(to->addr_raw.v6));
	} else {
		bpf_probe_read_user(&wanted, sizeof(struct sockaddr_in), user);
		to->addr_raw.v4 = ((struct sockaddr_in *)&wanted)->sin_addr.s_addr;
	}
	to->port = bpf_ntohs(wanted.sin6_port);
}

static __always_inline int on_bind(void *ctx, const struct gadget_syscall_args *args, long result)
{
	struct sock *sk;
	struct event *event;
	__u16 family;

	if (ignore_errors && result < 0)
		return 0;
	sk = gadget_sock_of_fd(args->values[0]);
	if (!sk)
		return 0;
	family = gadget_sock_family(sk);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->error_raw = result < 0 ? -result : 0;
	event->opts_raw = options_of(sk);
	event->bound_dev_if = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	gadget_sock_source(sk, family, &event->addr);
	if (result < 0)
		read_wanted((const struct sockaddr *)args->values[1], family, &event->addr);
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

GADGET_SYSCALL(bind, on_bind)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
