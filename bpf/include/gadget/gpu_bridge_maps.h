// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The pinned maps of a GPU bridge. Define GPU_BRIDGE_WANT_… for those that the gadget reads, or GPU_BRIDGE_WANT_ALL,
// before this is included. Without a bridge they are made empty, and nothing is found in them.
#ifndef GADGET_GPU_BRIDGE_MAPS_H
#define GADGET_GPU_BRIDGE_MAPS_H

#include <bpf/bpf_helpers.h>
#include <gadget/gpu_types.h>

#ifdef GPU_BRIDGE_WANT_ALL
#define GPU_BRIDGE_WANT_META
#define GPU_BRIDGE_WANT_DEVICE
#define GPU_BRIDGE_WANT_PER_PID
#define GPU_BRIDGE_WANT_PER_PID_PER_DEVICE
#endif

#define GADGET_GPU_MAP(name, map_type, entries, key_type, value_type) \
	struct {                                                      \
		__uint(type, map_type);                               \
		__uint(max_entries, entries);                         \
		__uint(pinning, LIBBPF_PIN_BY_NAME);                  \
		__type(key, key_type);                                \
		__type(value, struct value_type);                     \
	} name SEC(".maps")

#ifdef GPU_BRIDGE_WANT_META
GADGET_GPU_MAP(gpu_meta, BPF_MAP_TYPE_ARRAY, 1, __u32, gpu_meta);

// The bridge's state, if it was written at most so many milliseconds before `now` (bpf_ktime_get_boot_ns()).
static __always_inline struct gpu_meta *gpu_meta_fresh(__u64 now, __u64 stale_threshold_ms)
{
	__u32 zero = 0;
	struct gpu_meta *meta = bpf_map_lookup_elem(&gpu_meta, &zero);

	return meta && now - meta->last_update_boottime_ns <= stale_threshold_ms * 1000000 ? meta : 0;
}
#endif

#ifdef GPU_BRIDGE_WANT_DEVICE
GADGET_GPU_MAP(gpu_device, BPF_MAP_TYPE_ARRAY, GPU_MAX_DEVICES, __u32, gpu_device_metrics);
#endif

#ifdef GPU_BRIDGE_WANT_PER_PID
// The key is the process id in the root pid namespace.
GADGET_GPU_MAP(gpu_per_pid, BPF_MAP_TYPE_LRU_HASH, 4096, __u32, gpu_pid_metrics_aggregated);

// What is known about a process that holds at least so many bytes of GPU memory.
static __always_inline struct gpu_pid_metrics_aggregated *gpu_pid_holder(__u32 tgid, __u64 min_gpu_mem_bytes)
{
	struct gpu_pid_metrics_aggregated *metrics = bpf_map_lookup_elem(&gpu_per_pid, &tgid);

	return metrics && metrics->used_gpu_memory_total >= min_gpu_mem_bytes ? metrics : 0;
}
#endif

#ifdef GPU_BRIDGE_WANT_PER_PID_PER_DEVICE
// The key is the process id in its upper half, the device in the lower.
GADGET_GPU_MAP(gpu_per_pid_per_device, BPF_MAP_TYPE_LRU_HASH, 4096, __u64, gpu_pid_metrics);
#endif

#endif
