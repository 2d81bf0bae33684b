// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which process owns a packet, or a socket. A program of the host's keeps the map up to date while a gadget that
// declares it runs (bpf/sockets).
//
// Define GADGET_TYPE_NETWORKING (programs that get a packet) or GADGET_TYPE_TRACING (programs that get a struct sock)
// before this is included.
#ifndef GADGET_SOCKETS_MAP_H
#define GADGET_SOCKETS_MAP_H

#if !defined(__VMLINUX_H__) && !defined(_LINUX_TYPES_H)
#error "include <vmlinux.h> or <linux/types.h> before <gadget/sockets-map.h>"
#endif

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <gadget/types.h>

#define GADGET_MAX_SOCKETS 16384

// A socket by its local end. An IPv6 socket that is not for IPv6 only serves IPv4 packets, too.
struct gadget_socket_key {
	__u32 netns;
	__u16 family;
	__u8 proto; // IPPROTO_TCP or IPPROTO_UDP
	__u16 port; // host order
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GADGET_MAX_SOCKETS);
	__type(key, struct gadget_socket_key);
	__type(value, struct gadget_socket_value);
} gadget_sockets SEC(".maps");

// Under names of our own: the gadget may include the kernel's headers or vmlinux.h, which do not go together.
enum {
	GADGET_SOCKETS_AF_INET = 2,
	GADGET_SOCKETS_AF_INET6 = 10,
	GADGET_SOCKETS_TCP = 6,
	GADGET_SOCKETS_UDP = 17,
};

static __always_inline struct gadget_socket_value *gadget_socket_find(struct gadget_socket_key *key)
{
	struct gadget_socket_value *value = bpf_map_lookup_elem(&gadget_sockets, key);

	if (value || key->family != GADGET_SOCKETS_AF_INET)
		return value;
	key->family = GADGET_SOCKETS_AF_INET6;
	value = bpf_map_lookup_elem(&gadget_sockets, key);
	return value && !value->ipv6only ? value : 0;
}

#ifdef GADGET_TYPE_NETWORKING

#define GADGET_SOCKETS_ETH_LENGTH 14
#define GADGET_SOCKETS_IPV6_LENGTH 40
// Extension headers in front of the transport's; as many kinds as there are.
#define GADGET_SOCKETS_IPV6_EXTENSIONS 6
// skb->pkt_type of a packet for this host (PACKET_HOST).
#define GADGET_SOCKETS_FOR_US 0

// Finds the transport header of an IPv6 packet: sets its protocol, returns its offset; 0: there is none.
static __always_inline int gadget_ipv6_transport(const struct __sk_buff *skb, __u8 *protocol)
{
	int offset = GADGET_SOCKETS_ETH_LENGTH + GADGET_SOCKETS_IPV6_LENGTH;

	if (bpf_skb_load_bytes(skb, GADGET_SOCKETS_ETH_LENGTH + 6, protocol, sizeof(*protocol)))
		return 0;
#pragma unroll
	for (int i = 0; i < GADGET_SOCKETS_IPV6_EXTENSIONS; i++) {
		__u8 next_and_length[2];

		if (*protocol == GADGET_SOCKETS_TCP || *protocol == GADGET_SOCKETS_UDP)
			return offset;
		if (bpf_skb_load_bytes(skb, offset, next_and_length, sizeof(next_and_length)))
			return 0;
		switch (*protocol) {
		case 0: // hop by hop
		case 43: // routing
		case 60: // destination options
			offset += 8 * (next_and_length[1] + 1);
			break;
		case 44: // fragment
			offset += 8;
			break;
		case 51: // authentication
			offset += 4 * (next_and_length[1] + 2);
			break;
		default:
			return 0;
		}
		*protocol = next_and_length[0];
	}
	return *protocol == GADGET_SOCKETS_TCP || *protocol == GADGET_SOCKETS_UDP ? offset : 0;
}

// The same of an IPv4 packet.
static __always_inline int gadget_ipv4_transport(const struct __sk_buff *skb, __u8 *protocol)
{
	__u8 version_and_length;

	if (bpf_skb_load_bytes(skb, GADGET_SOCKETS_ETH_LENGTH + 9, protocol, sizeof(*protocol)) ||
	    bpf_skb_load_bytes(skb, GADGET_SOCKETS_ETH_LENGTH, &version_and_length, sizeof(version_and_length)))
		return 0;
	if (*protocol != GADGET_SOCKETS_TCP && *protocol != GADGET_SOCKETS_UDP)
		return 0;
	return GADGET_SOCKETS_ETH_LENGTH + 4 * (version_and_length & 0xf);
}

// The local socket of an Ethernet packet. `ingress`: it comes in, so its destination is the local end. For tc programs, which
// know the direction; the packet type may say "for this host" of what is only passed on.
static __always_inline struct gadget_socket_value *
gadget_socket_lookup_with_direction(const struct __sk_buff *skb, __u8 ingress)
{
	// skb->cb[0]: the network namespace, written by the host's dispatcher.
	struct gadget_socket_key key;
	__u16 ethertype, port;
	int transport;

	// The key has padding, which counts.
	__builtin_memset(&key, 0, sizeof(key));
	key.netns = skb->cb[0];
	if (bpf_skb_load_bytes(skb, 12, &ethertype, sizeof(ethertype)))
		return 0;
	if (ethertype == bpf_htons(0x0800)) {
		key.family = GADGET_SOCKETS_AF_INET;
		transport = gadget_ipv4_transport(skb, &key.proto);
	} else if (ethertype == bpf_htons(0x86dd)) {
		key.family = GADGET_SOCKETS_AF_INET6;
		transport = gadget_ipv6_transport(skb, &key.proto);
	} else {
		return 0;
	}
	// TCP and UDP begin with the source port and the destination port.
	if (!transport || bpf_skb_load_bytes(skb, ingress ? transport + 2 : transport, &port, sizeof(port)))
		return 0;
	key.port = bpf_ntohs(port);
	return gadget_socket_find(&key);
}

// The same for programs that do not know the direction: socket filters.
static __always_inline struct gadget_socket_value *gadget_socket_lookup(const struct __sk_buff *skb)
{
	return gadget_socket_lookup_with_direction(skb, skb->pkt_type == GADGET_SOCKETS_FOR_US);
}

#endif

#ifdef GADGET_TYPE_TRACING
// The process that owns a TCP or UDP socket.
static __always_inline struct gadget_socket_value *gadget_socket_lookup(const struct sock *sk, __u32 netns)
{
	const struct inet_sock *inet = (const struct inet_sock *)sk;
	struct gadget_socket_key key;

	__builtin_memset(&key, 0, sizeof(key));
	key.netns = netns;
	key.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key.proto = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol);
	key.port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	if (key.proto != GADGET_SOCKETS_TCP && key.proto != GADGET_SOCKETS_UDP)
		return 0;
	return bpf_map_lookup_elem(&gadget_sockets, &key);
}
#endif

// Fills `process` with a socket's owner; leaves it alone when there is none.
static __always_inline void gadget_process_populate_from_socket(const struct gadget_socket_value *socket,
								struct gadget_process *process)
{
	if (!socket)
		return;
	__builtin_memcpy(process->comm, socket->task, sizeof(process->comm));
	process->pid = socket->pid_tgid >> 32;
	process->tid = (__u32)socket->pid_tgid;
	process->mntns_id = socket->mntns;
	process->creds.uid = (__u32)socket->uid_gid;
	process->creds.gid = socket->uid_gid >> 32;
	__builtin_memcpy(process->parent.comm, socket->ptask, sizeof(process->parent.comm));
	process->parent.pid = socket->ppid;
	process->parent.tid = socket->ptid;
}

#endif
