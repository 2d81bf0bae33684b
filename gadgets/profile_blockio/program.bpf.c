// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// How long block devices take for their requests: a distribution.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/bits.bpf.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>

// Powers of two: 1 µs to more than a minute.
#define PROFILER_MAX_SLOTS 27

// Zeros: all requests are counted together.
struct hist_key {
	__u32 cmd_flags;
	__u32 dev;
};

struct hist_value {
	gadget_histogram_slot__u32 latency[PROFILER_MAX_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct hist_key);
	__type(value, struct hist_value);
} hists SEC(".maps");

GADGET_MAPITER(blockio, hists);

// When a request was queued, or given to the device if it was not. Those whose end is not seen give way to others.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, __u64);
} start SEC(".maps");

// Until kernel 5.10 the queue came first, and some of that line have the change (a54895fa057c "block: remove the
// request_queue to argument request based tracepoints"): the tracepoint's own type says which it is.
struct request___any {
};
struct request_queue___any {
};
typedef void (*btf_trace_block_rq_insert___queue)(void *, struct request_queue___any *, struct request___any *);

static __always_inline bool queue_comes_first(void)
{
#if __clang_major__ >= 15
	return bpf_core_type_matches(btf_trace_block_rq_insert___queue);
#else
	return false;
#endif
}

static __always_inline int begin(__u64 *arguments)
{
	__u64 now = bpf_ktime_get_ns(), request;

	// The verifier allows no load at a place that was chosen, nor to load what is not there: hence two loads, of which it sees one.
	if (queue_comes_first()) {
		request = arguments[1];
		barrier_var(request);
	} else {
		request = arguments[0];
		barrier_var(request);
	}
	bpf_map_update_elem(&start, &request, &now, BPF_ANY);
	return 0;
}

SEC("raw_tp/block_rq_insert")
int ig_profio_ins(__u64 *ctx)
{
	return begin(ctx);
}

SEC("raw_tp/block_rq_issue")
int ig_profio_iss(__u64 *ctx)
{
	return begin(ctx);
}

SEC("raw_tp/block_rq_complete")
int BPF_PROG(ig_profio_done, struct request *rq, int error, unsigned int bytes)
{
	const struct hist_value none = {};
	const struct hist_key all = {};
	struct hist_value *hist;
	__u64 request = (__u64)rq, slot;
	__u64 *began = bpf_map_lookup_elem(&start, &request);

	if (!began)
		return 0;
	slot = get_slot_idx((bpf_ktime_get_ns() - *began) / 1000);
	bpf_map_delete_elem(&start, &request);
	hist = bpf_map_lookup_or_try_init(&hists, &all, &none);
	if (!hist)
		return 0;
	if (slot >= PROFILER_MAX_SLOTS)
		slot = PROFILER_MAX_SLOTS - 1;
	__sync_fetch_and_add(&hist->latency[slot], 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
