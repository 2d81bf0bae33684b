// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// DNS messages that come in and go out, whose they are, and how long answers take.
//
// The program finds the messages and passes them on; the gadget's operator reads them.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#define GADGET_TYPE_NETWORKING
#define GADGET_NO_BUF_RESERVE
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>
#include <gadget/sockets-map.h>
#include <gadget/filter.h>

#define TRACE_DNS_PATH_MAX 512

// Of a message that is longer, the rest is left out.
#define TRACE_DNS_DATA_MAX 1500

#define ETHERTYPE_OFFSET 12
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETH_LENGTH 14
#define IPV4_SOURCE (ETH_LENGTH + 12)
#define IPV4_DESTINATION (ETH_LENGTH + 16)
#define IPV6_SOURCE (ETH_LENGTH + 8)
#define IPV6_DESTINATION (ETH_LENGTH + 24)
#define UDP_LENGTH 8
#define TCP_DATA_OFFSET 12

enum pkt_type_t : __u8 {
	HOST,
	BROADCAST,
	MULTICAST,
	OTHERHOST,
	OUTGOING,
	LOOPBACK,
	USER,
	KERNEL,
};

struct event_t {
	gadget_timestamp timestamp_raw;
	struct gadget_l4endpoint_t src;
	struct gadget_l4endpoint_t dst;
	struct gadget_l3endpoint_t nameserver;
	gadget_netns_id netns_id;
	struct gadget_process proc;
	char cwd[TRACE_DNS_PATH_MAX];
	char exepath[TRACE_DNS_PATH_MAX];
	enum pkt_type_t pkt_type_raw;
	// Of answers that come in.
	gadget_duration latency_ns_raw;
	// Where the message begins in the packet, and how much of it is in data.
	__u16 dns_off;
	__u32 data_len;
	__u8 data[TRACE_DNS_DATA_MAX];
};

const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_TRACER_MAP(events, 8 << 20);
GADGET_TRACER(dns, events, event_t);

// Where a record is made: it is too big for the stack, and its end depends on the message.
GADGET_SCRATCH(scratch, struct event_t);

// RFC 1035, 4.1.1.
struct header {
	__u16 id;
	__u8 flags[2];
	__u16 counts[4];
};

#define IS_RESPONSE(header) ((header).flags[0] & 0x80)

// A query that waits for its answer.
struct query {
	__u64 pid_tgid;
	__u64 id;
};

// When it was sent. Queries that nobody answers give way to others.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct query);
	__type(value, __u64);
} queries SEC(".maps");

static __always_inline bool is_dns_port(__u16 port)
{
	return port == 53 || port == 5353;
}

// The offset of the message; 0: there is none.
static __always_inline __u32 find_message(struct __sk_buff *skb, __u32 transport, __u8 proto)
{
	__u8 words;
	__u32 start;

	if (proto == IPPROTO_UDP)
		return transport + UDP_LENGTH;
	if (bpf_skb_load_bytes(skb, transport + TCP_DATA_OFFSET, &words, sizeof(words)))
		return 0;
	start = transport + 4 * (words >> 4);
	// A segment without data has no message. One with data begins with the message's length; segments are not put together.
	return skb->len > start + 2 ? start + 2 : 0;
}

static __always_inline long read_addresses(struct __sk_buff *skb, bool v6, struct event_t *event)
{
	event->src.version = event->dst.version = v6 ? 6 : 4;
	if (v6)
		return bpf_skb_load_bytes(skb, IPV6_SOURCE, event->src.addr_raw.v6, 16) ?:
		       bpf_skb_load_bytes(skb, IPV6_DESTINATION, event->dst.addr_raw.v6, 16);
	return bpf_skb_load_bytes(skb, IPV4_SOURCE, &event->src.addr_raw.v4, 4) ?:
	       bpf_skb_load_bytes(skb, IPV4_DESTINATION, &event->dst.addr_raw.v4, 4);
}

static __always_inline void measure(struct event_t *event, const struct gadget_socket_value *socket, const struct header *header)
{
	struct query query = { .pid_tgid = socket->pid_tgid, .id = header->id };
	__u64 *sent;

	if (!IS_RESPONSE(*header)) {
		if (event->pkt_type_raw == OUTGOING)
			bpf_map_update_elem(&queries, &query, &event->timestamp_raw, BPF_ANY);
		return;
	}
	sent = event->pkt_type_raw == HOST ? bpf_map_lookup_elem(&queries, &query) : 0;
	if (!sent)
		return;
	event->latency_ns_raw = event->timestamp_raw > *sent ? event->timestamp_raw - *sent : 0;
	bpf_map_delete_elem(&queries, &query);
}

SEC("socket1")
int ig_trace_dns(struct __sk_buff *skb)
{
	struct gadget_socket_value *socket;
	struct event_t *event;
	struct header header;
	__u16 ethertype, ports[2];
	__u32 zero = 0, transport, start, length;
	__u8 proto = 0;
	bool v6;

	if (bpf_skb_load_bytes(skb, ETHERTYPE_OFFSET, &ethertype, sizeof(ethertype)))
		return 0;
	v6 = ethertype == bpf_htons(ETHERTYPE_IPV6);
	if (!v6 && ethertype != bpf_htons(ETHERTYPE_IPV4))
		return 0;
	transport = v6 ? gadget_ipv6_transport(skb, &proto) : gadget_ipv4_transport(skb, &proto);
	if (!transport || bpf_skb_load_bytes(skb, transport, ports, sizeof(ports)))
		return 0;
	if (!is_dns_port(bpf_ntohs(ports[0])) && !is_dns_port(bpf_ntohs(ports[1])))
		return 0;
	start = find_message(skb, transport, proto);
	if (!start || bpf_skb_load_bytes(skb, start, &header, sizeof(header)))
		return 0;
	socket = gadget_socket_lookup(skb);
	if (gadget_should_discard_data_by_skb(socket))
		return 0;
	event = bpf_map_lookup_elem(&scratch, &zero);
	if (!event)
		return 0;

	__builtin_memset(event, 0, offsetof(struct event_t, cwd));
	event->cwd[0] = 0;
	event->exepath[0] = 0;
	event->latency_ns_raw = 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->netns_id = skb->cb[0];
	event->pkt_type_raw = skb->pkt_type;
	event->src.proto_raw = event->dst.proto_raw = proto;
	event->src.port = bpf_ntohs(ports[0]);
	event->dst.port = bpf_ntohs(ports[1]);
	if (read_addresses(skb, v6, event))
		return 0;
	event->nameserver.version = event->src.version;
	event->nameserver.addr_raw = IS_RESPONSE(header) ? event->src.addr_raw : event->dst.addr_raw;
	gadget_process_populate_from_socket(socket, &event->proc);
	if (socket) {
		if (paths) {
			bpf_probe_read_kernel_str(event->cwd, sizeof(event->cwd), socket->cwd);
			bpf_probe_read_kernel_str(event->exepath, sizeof(event->exepath), socket->exepath);
		}
		measure(event, socket, &header);
	}
	event->dns_off = start;
	length = skb->len - start;
	// The verifier has to see both bounds on the very register.
	barrier_var(length);
	if (length > sizeof(event->data))
		length = sizeof(event->data);
	if (length < sizeof(header))
		return 0;
	if (bpf_skb_load_bytes(skb, start, event->data, length))
		return 0;
	event->data_len = length;
	gadget_output_buf(skb, &events, event, offsetof(struct event_t, data) + length);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
