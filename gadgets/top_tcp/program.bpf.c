// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which TCP connections send and receive most.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/mntns.h>
#include <gadget/socket_fd.h>
#include <gadget/types.h>

// Of include/linux/socket.h: what is received so will be received again.
#define MSG_PEEK 2

struct ip_key_t {
	gadget_mntns_id mntns_id;
	gadget_pid pid;
	gadget_tid tid;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	gadget_comm comm[TASK_COMM_LEN];
};

struct traffic_t {
	gadget_bytes sent_raw;
	gadget_bytes received_raw;
};

const volatile int target_family = -1;
GADGET_PARAM(target_family);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct ip_key_t);
	__type(value, struct traffic_t);
} ip_map SEC(".maps");

GADGET_MAPITER(tcp, ip_map);

static __always_inline int count(struct sock *sk, long sent, long received)
{
	__u16 family = gadget_sock_family(sk);
	struct traffic_t none = {}, *traffic;
	struct ip_key_t key;
	__u64 id;

	if (sent <= 0 && received <= 0)
		return 0;
	if ((family != AF_INET && family != AF_INET6) || gadget_sock_protocol(sk) != IPPROTO_TCP)
		return 0;
	if ((target_family == 4 && family != AF_INET) || (target_family == 6 && family != AF_INET6))
		return 0;
	if (gadget_should_discard_data_current())
		return 0;
	// Padding is part of the key.
	__builtin_memset(&key, 0, sizeof(key));
	id = bpf_get_current_pid_tgid();
	key.mntns_id = gadget_get_current_mntns_id();
	key.pid = id >> 32;
	key.tid = id;
	gadget_sock_source(sk, family, &key.src);
	gadget_sock_destination(sk, family, &key.dst);
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	traffic = bpf_map_lookup_or_try_init(&ip_map, &key, &none);
	if (!traffic)
		return 0;
	if (sent > 0)
		__sync_fetch_and_add(&traffic->sent_raw, sent);
	if (received > 0)
		__sync_fetch_and_add(&traffic->received_raw, received);
	return 0;
}

// Kernel 6.3 has tracepoints of what a socket sent and received.

SEC("raw_tp/sock_send_length")
int BPF_PROG(ig_toptcp_send, struct sock *sk, int result, int flags)
{
	return count(sk, result, 0);
}

SEC("raw_tp/sock_recv_length")
int BPF_PROG(ig_toptcp_receive, struct sock *sk, int result, int flags)
{
	return flags & MSG_PEEK ? 0 : count(sk, 0, result);
}

SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(ig_toptcp_sendmsg, struct sock *sk, struct msghdr *message, size_t size)
{
	return count(sk, size, 0);
}

SEC("kprobe/tcp_cleanup_rbuf")
int BPF_KPROBE(ig_toptcp_cleanup, struct sock *sk, int copied)
{
	return count(sk, 0, copied);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
