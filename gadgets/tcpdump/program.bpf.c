// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packets that come in and go out of network interfaces, and whose they are.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#define GADGET_TYPE_NETWORKING
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include <gadget/sockets-map.h>
#include <gadget/filter.h>
#include <gadget/packetfilter.h>

#define EGRESS 0
#define INGRESS 1
// To the next classifier.
#define TC_ACT_UNSPEC -1

// Where a tag of a VLAN is in a frame. The kernel keeps it beside the packet.
#define TAG_AT 12
#define TAG_SIZE 4

struct packet_event_t {
	gadget_timestamp timestamp_raw;
	u8 packet_type;
	u32 ifindex;
	u32 payload_len;
	u32 packet_size;
	struct gadget_process proc;
};

// The packet follows its record.
struct packet {
	struct packet_event_t event;
	__u8 payload[];
};

const volatile __u16 snaplen = 1500;
GADGET_PARAM(snaplen);

GADGET_TRACER_MAP(packets, 8 << 20);
GADGET_TRACER(packets, packets, packet_event_t);
GADGET_PF();

// The first `size` bytes, 1 to `room`, which is a power of two: with a mask every kernel's verifier sees the limits.
static __always_inline long copy(struct __sk_buff *skb, __u8 *to, __u32 size, const __u32 room)
{
	__u32 last = size - 1;

	barrier_var(last);
	last &= room - 1;
	return bpf_skb_load_bytes(skb, 0, to, last + 1);
}

static __always_inline long copy_tagged(struct __sk_buff *skb, __u8 *to, __u32 size, const __u32 room)
{
	__u16 tag[2] = { skb->vlan_proto, bpf_htons(skb->vlan_tci) };
	const __u32 least = TAG_AT + TAG_SIZE + 1;

	if (copy(skb, to + TAG_SIZE, (size < least ? least : size) - TAG_SIZE, room))
		return -1;
	__builtin_memmove(to, to + TAG_SIZE, TAG_AT);
	__builtin_memcpy(to + TAG_AT, tag, TAG_SIZE);
	return 0;
}

// Records of a few sizes, since a ring's are of sizes that the verifier knows. False: the packet needs a larger one.
static __always_inline bool capture(struct __sk_buff *skb, const struct packet_event_t *event, const __u32 room)
{
	const __u32 size = event->payload_len, whole = sizeof(struct packet) + TAG_SIZE + room;
	struct packet *record;
	long error = 0;

	if (size > room)
		return false;
	record = gadget_reserve_buf(&packets, whole);
	if (!record)
		return true;
	record->event = *event;
	if (skb->vlan_present)
		error = copy_tagged(skb, record->payload, size, room);
	else if (size)
		error = copy(skb, record->payload, size, room);
	if (error)
		record->event.payload_len = 0;
	gadget_submit_buf(skb, &packets, record, whole);
	return true;
}

static __always_inline int handle(struct __sk_buff *skb, __u8 direction)
{
	struct packet_event_t event = {};
	struct gadget_socket_value *socket;

	if (!gadget_pf_matches(skb, (void *)(long)skb->data, (void *)(long)skb->data_end))
		return TC_ACT_UNSPEC;
	socket = gadget_socket_lookup_with_direction(skb, direction == INGRESS);
	if (gadget_should_discard_data_by_skb(socket))
		return TC_ACT_UNSPEC;
	event.timestamp_raw = bpf_ktime_get_boot_ns();
	event.packet_type = direction;
	event.ifindex = skb->ifindex;
	event.packet_size = skb->len + (skb->vlan_present ? TAG_SIZE : 0);
	event.payload_len = event.packet_size < snaplen ? event.packet_size : snaplen;
	gadget_process_populate_from_socket(socket, &event.proc);
	capture(skb, &event, 128) || capture(skb, &event, 512) || capture(skb, &event, 2048) || capture(skb, &event, 16384) ||
		capture(skb, &event, 65536);
	return TC_ACT_UNSPEC;
}

SEC("classifier/ingress/main")
int ingress_main(struct __sk_buff *skb)
{
	return handle(skb, INGRESS);
}

SEC("classifier/egress/main")
int egress_main(struct __sk_buff *skb)
{
	return handle(skb, EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
