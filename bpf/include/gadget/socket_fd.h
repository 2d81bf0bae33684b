// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sockets behind descriptors, and their ends.
#ifndef GADGET_SOCKET_FD_H
#define GADGET_SOCKET_FD_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <gadget/filesystem.h>
#include <gadget/types.h>

#ifndef AF_INET
#define AF_INET 2
#endif
#ifndef AF_INET6
#define AF_INET6 10
#endif

// Of include/uapi/linux/stat.h.
#define GADGET_S_IFMT 00170000
#define GADGET_S_IFSOCK 0140000

// Until kernel 5.5 (bf9765145b85 "sock: Make sk_protocol a 16-bit value") a bitfield; the loader says which.
static __always_inline __u16 gadget_sock_protocol(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol);
}

// The socket of a descriptor of the calling process; NULL when it is no socket.
static __always_inline struct sock *gadget_sock_of_fd(__u32 fd)
{
	struct file *file = gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd);
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & GADGET_S_IFMT) != GADGET_S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline __u16 gadget_sock_family(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_family);
}

// The local end, every byte of *to. `family`: AF_INET or AF_INET6, the socket's.
static __always_inline void gadget_sock_source(struct sock *sk, __u16 family, struct gadget_l4endpoint_t *to)
{
	__builtin_memset(to, 0, sizeof(*to));
	if (family == AF_INET6)
		BPF_CORE_READ_INTO(&to->addr_raw.v6, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	else
		BPF_CORE_READ_INTO(&to->addr_raw.v4, sk, __sk_common.skc_rcv_saddr);
	to->port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	to->proto_raw = gadget_sock_protocol(sk);
	to->version = family == AF_INET6 ? 6 : 4;
}

// The other end, likewise.
static __always_inline void gadget_sock_destination(struct sock *sk, __u16 family, struct gadget_l4endpoint_t *to)
{
	__builtin_memset(to, 0, sizeof(*to));
	if (family == AF_INET6)
		BPF_CORE_READ_INTO(&to->addr_raw.v6, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	else
		BPF_CORE_READ_INTO(&to->addr_raw.v4, sk, __sk_common.skc_daddr);
	to->port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	to->proto_raw = gadget_sock_protocol(sk);
	to->version = family == AF_INET6 ? 6 : 4;
}

static __always_inline gadget_netns_id gadget_sock_netns(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

#endif
