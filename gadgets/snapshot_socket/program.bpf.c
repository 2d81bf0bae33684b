// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The TCP and UDP sockets that there are.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <gadget/macros.h>
#include <gadget/types.h>

#define AF_INET 2
#define AF_INET6 10

struct socket_entry {
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	__u32 state;
	__u32 ino;
	gadget_netns_id netns_id;
};

GADGET_SNAPSHOTTER(sockets, socket_entry, ig_snap_tcp, ig_snap_udp);

// Of the file that a socket is behind; 0 for one that has none.
static __always_inline __u32 inode_of(struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);
	struct socket_alloc *both = (void *)socket - bpf_core_field_offset(struct socket_alloc, socket);

	return socket ? BPF_CORE_READ(both, vfs_inode.i_ino) : 0;
}

// Sockets of all states begin with a sock_common: those in TIME_WAIT, and requests, too.
static __always_inline int emit(struct seq_file *seq, struct sock_common *common, __u16 proto, __u32 state, __u32 inode)
{
	__u16 family = BPF_CORE_READ(common, skc_family);
	struct socket_entry entry = {};

	if (family == AF_INET) {
		entry.src.version = entry.dst.version = 4;
		BPF_CORE_READ_INTO(&entry.src.addr_raw.v4, common, skc_rcv_saddr);
		BPF_CORE_READ_INTO(&entry.dst.addr_raw.v4, common, skc_daddr);
	} else if (family == AF_INET6) {
		entry.src.version = entry.dst.version = 6;
		BPF_CORE_READ_INTO(&entry.src.addr_raw.v6, common, skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&entry.dst.addr_raw.v6, common, skc_v6_daddr.in6_u.u6_addr8);
	} else {
		return 0;
	}
	entry.src.proto_raw = entry.dst.proto_raw = proto;
	entry.src.port = BPF_CORE_READ(common, skc_num);
	entry.dst.port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
	entry.state = state;
	entry.ino = inode;
	entry.netns_id = BPF_CORE_READ(common, skc_net.net, ns.inum);
	bpf_seq_write(seq, &entry, sizeof(entry));
	return 0;
}

SEC("iter/tcp")
int ig_snap_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	__u8 state;

	// The last call, after all sockets.
	if (!common)
		return 0;
	state = BPF_CORE_READ(common, skc_state);
	// As /proc/net/tcp has it: a request is a connection being received, and belongs to no file, nor does one in TIME_WAIT.
	if (state == TCP_NEW_SYN_RECV)
		return emit(ctx->meta->seq, common, IPPROTO_TCP, TCP_SYN_RECV, 0);
	if (state == TCP_TIME_WAIT)
		return emit(ctx->meta->seq, common, IPPROTO_TCP, state, 0);
	return emit(ctx->meta->seq, common, IPPROTO_TCP, state, inode_of((struct sock *)common));
}

SEC("iter/udp")
int ig_snap_udp(struct bpf_iter__udp *ctx)
{
	struct sock *sk = (struct sock *)ctx->udp_sk;

	if (!sk)
		return 0;
	return emit(ctx->meta->seq, (struct sock_common *)sk, IPPROTO_UDP, BPF_CORE_READ(sk, __sk_common.skc_state), inode_of(sk));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
