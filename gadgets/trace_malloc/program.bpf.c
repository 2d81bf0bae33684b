// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Memory that programs take from the C library, and give back.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include <gadget/user_stack_map.h>

enum memop {
	malloc,
	free,
	calloc,
	realloc,
	realloc_free,
	mmap,
	munmap,
	posix_memalign,
	aligned_alloc,
	valloc,
	memalign,
	pvalloc,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	struct gadget_user_stack ustack;
	enum memop operation_raw;
	__u64 addr;
	__u64 size;
};

GADGET_TRACER_MAP(events, 8 << 20);
GADGET_TRACER(malloc, events, event);

// What a function was asked for, until it returns.
struct allocation {
	__u64 size;
	// posix_memalign(3)'s result goes here.
	void **result;
	enum memop operation;
};

// By thread. Threads that end in the middle of a call leave theirs behind, so the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, gadget_tid);
	__type(value, struct allocation);
} requests SEC(".maps");

static __always_inline int emit(void *ctx, enum memop operation, __u64 addr, __u64 size)
{
	struct event *event = gadget_reserve_buf(&events, sizeof(*event));

	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	gadget_get_user_stack(ctx, &event->ustack);
	event->operation_raw = operation;
	event->addr = addr;
	event->size = size;
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

static __always_inline int begin(enum memop operation, __u64 size, void **result)
{
	struct allocation request = { .size = size, .result = result, .operation = operation };
	gadget_tid tid = bpf_get_current_pid_tgid();

	if (!gadget_should_discard_data_current())
		bpf_map_update_elem(&requests, &tid, &request, BPF_ANY);
	return 0;
}

static __always_inline int end(struct pt_regs *ctx, enum memop operation)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct allocation *found = bpf_map_lookup_elem(&requests, &tid);
	void *addr = (void *)PT_REGS_RC(ctx);
	struct allocation request;

	// One function may call another: the outer one's request is gone by then.
	if (!found || found->operation != operation)
		return 0;
	request = *found;
	bpf_map_delete_elem(&requests, &tid);
	if (request.result && bpf_probe_read_user(&addr, sizeof(addr), request.result))
		return 0;
	return emit(ctx, operation, (__u64)addr, request.size);
}

static __always_inline int release(struct pt_regs *ctx, enum memop operation, void *addr, __u64 size)
{
	return gadget_should_discard_data_current() ? 0 : emit(ctx, operation, (__u64)addr, size);
}

#define RETURN_OF(function)                                 \
	SEC("uretprobe/libc:" #function)                    \
	int trace_uretprobe_##function(struct pt_regs *ctx) \
	{                                                   \
		return end(ctx, function);                  \
	}

SEC("uprobe/libc:malloc")
int BPF_UPROBE(trace_uprobe_malloc, size_t size)
{
	return begin(malloc, size, 0);
}
RETURN_OF(malloc)

SEC("uprobe/libc:free")
int BPF_UPROBE(trace_uprobe_free, void *addr)
{
	return release(ctx, free, addr, 0);
}

SEC("uprobe/libc:calloc")
int BPF_UPROBE(trace_uprobe_calloc, size_t count, size_t size)
{
	return begin(calloc, count * size, 0);
}
RETURN_OF(calloc)

SEC("uprobe/libc:realloc")
int BPF_UPROBE(trace_uprobe_realloc, void *addr, size_t size)
{
	release(ctx, realloc_free, addr, 0);
	return begin(realloc, size, 0);
}
RETURN_OF(realloc)

SEC("uprobe/libc:mmap")
int BPF_UPROBE(trace_uprobe_mmap, void *addr, size_t size)
{
	return begin(mmap, size, 0);
}
RETURN_OF(mmap)

SEC("uprobe/libc:munmap")
int BPF_UPROBE(trace_uprobe_munmap, void *addr, size_t size)
{
	return release(ctx, munmap, addr, size);
}

SEC("uprobe/libc:posix_memalign")
int BPF_UPROBE(trace_uprobe_posix_memalign, void **result, size_t alignment, size_t size)
{
	return begin(posix_memalign, size, result);
}
RETURN_OF(posix_memalign)

SEC("uprobe/libc:aligned_alloc")
int BPF_UPROBE(trace_uprobe_aligned_alloc, size_t alignment, size_t size)
{
	return begin(aligned_alloc, size, 0);
}
RETURN_OF(aligned_alloc)

SEC("uprobe/libc:valloc")
int BPF_UPROBE(trace_uprobe_valloc, size_t size)
{
	return begin(valloc, size, 0);
}
RETURN_OF(valloc)

SEC("uprobe/libc:memalign")
int BPF_UPROBE(trace_uprobe_memalign, size_t alignment, size_t size)
{
	return begin(memalign, size, 0);
}
RETURN_OF(memalign)

SEC("uprobe/libc:pvalloc")
int BPF_UPROBE(trace_uprobe_pvalloc, size_t size)
{
	return begin(pvalloc, size, 0);
}
RETURN_OF(pvalloc)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
