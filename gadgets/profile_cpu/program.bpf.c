// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where programs spend CPU time: how often a sampler found each stack.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/kernel_stack_map.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>
#include <gadget/user_stack_map.h>

#define GPU_BRIDGE_WANT_META
#define GPU_BRIDGE_WANT_DEVICE
#define GPU_BRIDGE_WANT_PER_PID
#include <gadget/gpu_bridge_maps.h>

// The user stack by its number alone: the rest of what is known of it is another one with every sample.
struct key_t {
	__u64 kernel_ip;
	__u32 user_stack_id;
	gadget_kernel_stack kern_stack_raw;
	struct gadget_process proc;
};

struct values {
	__u64 samples;
	struct gadget_user_stack user_stack_raw;
};

const volatile bool kernel_stacks_only = false;
const volatile bool user_stacks_only = false;
const volatile bool include_idle = false;
GADGET_PARAM(kernel_stacks_only);
GADGET_PARAM(user_stacks_only);
GADGET_PARAM(include_idle);

// Only processes that hold memory of a GPU which has little to do.
const volatile bool gpu_idle_only = false;
const volatile __u32 gpu_util_max_pct = 70;
const volatile __u64 min_gpu_mem_bytes = 1;
const volatile __u64 stale_threshold_ms = 300;
GADGET_PARAM(gpu_idle_only);
GADGET_PARAM(gpu_util_max_pct);
GADGET_PARAM(min_gpu_mem_bytes);
GADGET_PARAM(stale_threshold_ms);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key_t);
	__type(value, struct values);
} counts SEC(".maps");

GADGET_MAPITER(samples, counts);

// Both are too big for the stack.
struct scratch {
	struct key_t key;
	struct values values;
};

GADGET_SCRATCH(scratch, struct scratch);

// The upper half of the address space is the kernel's, on x86_64 and arm64.
static __always_inline bool is_kernel_address(__u64 address)
{
	return address >> 63;
}

static __always_inline bool gpu_is_busy(__u32 tgid)
{
	struct gpu_pid_metrics_aggregated *holder;
	struct gpu_device_metrics *device;
	__u32 index;

	if (!gpu_meta_fresh(bpf_ktime_get_boot_ns(), stale_threshold_ms))
		return true;
	holder = gpu_pid_holder(tgid, min_gpu_mem_bytes);
	if (!holder)
		return true;
	// On several devices at once: that it holds memory is all that can be asked.
	if (holder->device_count > 1)
		return false;
	index = holder->gpu_device_primary;
	device = bpf_map_lookup_elem(&gpu_device, &index);
	return !device || device->sm_util_pct >= gpu_util_max_pct;
}

SEC("perf_event/profiler")
int ig_prof_cpu(struct bpf_perf_event_data *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid(), ip = PT_REGS_IP(&ctx->regs);
	struct scratch *scratch_of_cpu;
	struct values *known;
	__u32 zero = 0;

	if (!include_idle && !(__u32)pid_tgid)
		return 0;
	if (gadget_should_discard_data_current())
		return 0;
	if (gpu_idle_only && gpu_is_busy(pid_tgid >> 32))
		return 0;
	scratch_of_cpu = bpf_map_lookup_elem(&scratch, &zero);
	if (!scratch_of_cpu)
		return 0;

	gadget_process_populate(&scratch_of_cpu->key.proc);
	scratch_of_cpu->key.kern_stack_raw = user_stacks_only ? -1 : gadget_get_kernel_stack(ctx);
	scratch_of_cpu->key.kernel_ip = is_kernel_address(ip) ? ip : 0;
	if (kernel_stacks_only)
		__builtin_memset(&scratch_of_cpu->values.user_stack_raw, 0, sizeof(scratch_of_cpu->values.user_stack_raw));
	else
		gadget_get_user_stack(ctx, &scratch_of_cpu->values.user_stack_raw);
	scratch_of_cpu->key.user_stack_id = scratch_of_cpu->values.user_stack_raw.stack_id;
	scratch_of_cpu->values.samples = 0;

	known = bpf_map_lookup_or_try_init(&counts, &scratch_of_cpu->key, &scratch_of_cpu->values);
	if (known)
		__sync_fetch_and_add(&known->samples, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
