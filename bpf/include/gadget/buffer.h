// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The ring between programs and user space.
//
// A ring wakes its reader once per eighth of the ring that is filled, not once per record: a wake-up costs
// several microseconds, more than all the rest of an event. Below that the reader finds records when it
// polls, every 10 to 40 ms. Records that do not fit are counted in <map>_lost_samples, per CPU, and beside them
// those that predicates.h threw away.
//
// For kernels without rings (before 5.8), compile with GADGET_PERF_BUFFER defined: the map is a perf buffer then, and records
// are put together in gadget_heap. Same macros, more work per record.
#ifndef GADGET_BUFFER_H
#define GADGET_BUFFER_H

#include <gadget/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/macros.h>
#include <gadget/predicates.h>

// What the kernel puts before each record.
#define GADGET_RING_HEADER 8

// How much of the ring is filled between two wake-ups, as a shift of its size.
enum gadget_ring_part { GADGET_RING_HALF = 1, GADGET_RING_EIGHTH = 3 };

// Elements of <map>_lost_samples.
enum gadget_counts { GADGET_LOST, GADGET_FILTERED, GADGET_COUNTS };

// The largest record of gadget_reserve_buf() in a perf buffer.
#ifndef GADGET_MAX_EVENT_SIZE
#define GADGET_MAX_EVENT_SIZE 10240
#endif

#ifdef GADGET_PERF_BUFFER
#define GADGET_TRACER_MAP_TYPE(size)                     \
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);     \
	__uint(key_size, sizeof(__u32));                 \
	__uint(value_size, sizeof(__u32))
#else
#define GADGET_TRACER_MAP_TYPE(size)                     \
	__uint(type, BPF_MAP_TYPE_RINGBUF);              \
	__uint(max_entries, size)
#endif

// Programs for packets do not have the kernel's types.
struct bpf_map___ring {
	__u32 max_entries;
} __attribute__((preserve_access_index));

// Declares ring `name` of at least `size` bytes (a power of two times the page size; the loader may enlarge
// it before loading), its counters and its predicates.
#define GADGET_TRACER_MAP(name, size)                    \
	const volatile struct gadget_predicate name##_predicates[GADGET_PREDICATES] = {}; \
	struct {                                         \
		GADGET_TRACER_MAP_TYPE(size);            \
	} name SEC(".maps");                             \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); \
		__uint(max_entries, GADGET_COUNTS);      \
		__type(key, __u32);                      \
		__type(value, __u64);                    \
	} name##_lost_samples SEC(".maps");              \
	GADGET_MARKER(gadget_map_tracer_##name)

static __always_inline void gadget_count(void *counts, __u32 which)
{
	__u64 *count = bpf_map_lookup_elem(counts, &which);

	// Atomic: programs that interrupt one another share the CPU's counter.
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void gadget_count_lost(void *lost_samples)
{
	gadget_count(lost_samples, GADGET_LOST);
}

// BPF_RB_FORCE_WAKEUP for the record that fills another 1 / 2^`shift` of the ring, else BPF_RB_NO_WAKEUP.
// `reserved`: whether the unread bytes already include this record. When two CPUs cross a mark together it
// may be missed; the next comes, and the reader polls.
static __always_inline __u64 gadget_wakeup_flags(void *map, __u64 size, bool reserved, int shift)
{
	// A power of two. Read from the map (kernel 5.9 lets programs with BTF do so), as the loader may
	// have resized it; a constant would wake too often or never.
	__u64 part = ((struct bpf_map___ring *)map)->max_entries >> shift;
	__u64 taken = (size + GADGET_RING_HEADER + 7) & ~7ULL;
	__u64 unread = bpf_ringbuf_query(map, BPF_RB_AVAIL_DATA);
	__u64 after = reserved ? unread : unread + taken;
	__u64 before = reserved ? unread - taken : unread;

	return ((before ^ after) & ~(part - 1)) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

#ifdef GADGET_PERF_BUFFER
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, GADGET_MAX_EVENT_SIZE);
} gadget_heap SEC(".maps");

static __always_inline void *gadget_buf_reserve(void *map, void *lost_samples, __u64 size)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&gadget_heap, &zero);
}

static __always_inline long gadget_buf_output(void *ctx, void *map, void *lost_samples, void *record, __u64 size)
{
	long error = bpf_perf_event_output(ctx, map, BPF_F_CURRENT_CPU, record, size);

	if (error)
		gadget_count_lost(lost_samples);
	return error;
}

static __always_inline long gadget_buf_submit(void *ctx, void *map, void *lost_samples, void *record, __u64 size)
{
	return gadget_buf_output(ctx, map, lost_samples, record, size);
}

static __always_inline void gadget_discard_buf(void *record)
{
}

static __always_inline void gadget_buf_filter(void *map, void *record, __u64 size)
{
}
#else
static __always_inline void *gadget_buf_reserve(void *map, void *lost_samples, __u64 size)
{
	void *record = bpf_ringbuf_reserve(map, size, 0);

	if (!record)
		gadget_count_lost(lost_samples);
	return record;
}

static __always_inline long gadget_buf_submit(void *ctx, void *map, void *lost_samples, void *record, __u64 size)
{
	bpf_ringbuf_submit(record, gadget_wakeup_flags(map, size, true, GADGET_RING_EIGHTH));
	return 0;
}

static __always_inline long gadget_buf_output(void *ctx, void *map, void *lost_samples, void *record, __u64 size)
{
	long error = bpf_ringbuf_output(map, record, size, gadget_wakeup_flags(map, size, false, GADGET_RING_EIGHTH));

	if (error)
		gadget_count_lost(lost_samples);
	return error;
}

static __always_inline void gadget_discard_buf(void *record)
{
	bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
}

// A discarded record takes room until the reader has passed it. Nobody waits for it, so fewer wake-ups will do.
static __always_inline void gadget_buf_filter(void *map, void *record, __u64 size)
{
	bpf_ringbuf_discard(record, gadget_wakeup_flags(map, size, true, GADGET_RING_HALF));
}
#endif

static __always_inline long gadget_buf_submit_wanted(void *ctx, void *map, void *lost_samples,
						     const volatile struct gadget_predicate *predicates,
						     void *record, __u64 size)
{
	if (!gadget_is_unwanted(predicates, record, size))
		return gadget_buf_submit(ctx, map, lost_samples, record, size);
	gadget_count(lost_samples, GADGET_FILTERED);
	gadget_buf_filter(map, record, size);
	return 0;
}

static __always_inline long gadget_buf_output_wanted(void *ctx, void *map, void *lost_samples,
						     const volatile struct gadget_predicate *predicates,
						     void *record, __u64 size)
{
	if (!gadget_is_unwanted(predicates, record, size))
		return gadget_buf_output(ctx, map, lost_samples, record, size);
	gadget_count(lost_samples, GADGET_FILTERED);
	return 0;
}

// `map` is written &name, of a map declared with GADGET_TRACER_MAP in the same file.
// Records hold what was in the ring before: write every field, and end every string with a NUL. A record
// may stop before the end of its struct; the reader takes the rest as zeros.
#define gadget_reserve_buf(map, size) gadget_buf_reserve(map, map##_lost_samples, size)
#define gadget_submit_buf(ctx, map, buf, size) \
	gadget_buf_submit_wanted(ctx, map, map##_lost_samples, *map##_predicates, buf, size)
#define gadget_output_buf(ctx, map, buf, size) \
	gadget_buf_output_wanted(ctx, map, map##_lost_samples, *map##_predicates, buf, size)

#endif
