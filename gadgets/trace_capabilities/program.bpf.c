// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The kernel asking whether a process has a capability, and the answer.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/kernel_stack_map.h>
#include <gadget/macros.h>
#include <gadget/types.h>
#include <gadget/user_stack_map.h>

// Of include/linux/security.h.
#define CAP_OPT_NOAUDIT (1 << 1)
#define CAP_OPT_INSETID (1 << 2)

// What a kernel does not tell.
#define UNKNOWN (-1)

// Of x86's and arm64's kernels of 4 KiB pages.
#define THREAD_SIZE 16384

// Of include/uapi/linux/capability.h, from 0 on.
#define FOR_EACH_CAPABILITY(DO)                                                                                          \
	DO(CHOWN) DO(DAC_OVERRIDE) DO(DAC_READ_SEARCH) DO(FOWNER) DO(FSETID) DO(KILL) DO(SETGID) DO(SETUID) DO(SETPCAP)  \
	DO(LINUX_IMMUTABLE) DO(NET_BIND_SERVICE) DO(NET_BROADCAST) DO(NET_ADMIN) DO(NET_RAW) DO(IPC_LOCK) DO(IPC_OWNER)  \
	DO(SYS_MODULE) DO(SYS_RAWIO) DO(SYS_CHROOT) DO(SYS_PTRACE) DO(SYS_PACCT) DO(SYS_ADMIN) DO(SYS_BOOT) DO(SYS_NICE) \
	DO(SYS_RESOURCE) DO(SYS_TIME) DO(SYS_TTY_CONFIG) DO(MKNOD) DO(LEASE) DO(AUDIT_WRITE) DO(AUDIT_CONTROL)           \
	DO(SETFCAP) DO(MAC_OVERRIDE) DO(MAC_ADMIN) DO(SYSLOG) DO(WAKE_ALARM) DO(BLOCK_SUSPEND) DO(AUDIT_READ)            \
	DO(PERFMON) DO(BPF) DO(CHECKPOINT_RESTORE)

#define CAPABILITY(name) CAP_##name,
enum capability {
	FOR_EACH_CAPABILITY(CAPABILITY)
};

#define CAPABILITY_FLAG(name) FLAG_CAP_##name = 1ULL << CAP_##name,
// Not __u64: of enums over a typedef clang's BTF keeps 32 bits.
enum cap_effective_flags_set : unsigned long long {
	FOR_EACH_CAPABILITY(CAPABILITY_FLAG)
};

struct cap_event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	__u64 current_userns;
	__u64 target_userns;
	enum cap_effective_flags_set cap_effective_raw;
	enum capability cap_raw;
	bool capable;
	int audit;
	int insetid;
	gadget_syscall syscall_raw;
	gadget_kernel_stack kstack_raw;
	struct gadget_user_stack ustack;
};

const volatile bool audit_only = false;
GADGET_PARAM(audit_only);

const volatile bool unique = false;
GADGET_PARAM(unique);

const volatile bool collect_kstack = true;
GADGET_PARAM(collect_kstack);

GADGET_TRACER_MAP(events, 4 << 20);
GADGET_TRACER(capabilities, events, cap_event);

struct check {
	struct user_namespace *target;
	int cap;
	// CAP_OPT_*, or UNKNOWN.
	int options;
};

struct seen_key {
	__u64 mntns_id;
	int cap;
	int unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, struct seen_key);
	__type(value, __u8);
} seen SEC(".maps");

static __always_inline bool is_repeated(int cap)
{
	struct seen_key key = { .mntns_id = gadget_get_current_mntns_id(), .cap = cap };
	__u8 one = 1;

	return bpf_map_update_elem(&seen, &key, &one, BPF_NOEXIST) != 0;
}

static __always_inline bool wanted(const struct cred *cred, const struct check *check)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (gadget_should_discard_data_current())
		return false;
	// Credentials that the kernel took on for a moment, an overlay's for one, say nothing about the process.
	if (cred != BPF_CORE_READ(task, real_cred))
		return false;
	if (audit_only && check->options != UNKNOWN && (check->options & CAP_OPT_NOAUDIT))
		return false;
	return !unique || !is_repeated(check->cap);
}

// The registers that were saved when the current system call began; since kernel 5.15 there is a helper for it.
static __always_inline struct pt_regs *entry_registers(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return (struct pt_regs *)(BPF_CORE_READ(task, stack) + THREAD_SIZE - bpf_core_type_size(struct pt_regs));
}

static __always_inline __u64 current_syscall(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct pt_regs *regs = entry_registers(task);

#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, orig_ax);
#else
	return (__s64)BPF_CORE_READ(regs, syscallno);
#endif
}

static __always_inline int emit(void *ctx, const struct check *check, bool capable)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	struct user_namespace *target = check->target;
	struct cap_event *event = gadget_reserve_buf(&events, sizeof(*event));
	__u64 effective = 0;

	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->current_userns = BPF_CORE_READ(cred, user_ns, ns.inum);
	event->target_userns = BPF_CORE_READ(target, ns.inum);
	// Two words of 32 bits, or one of 64 since kernel 6.3: the same bytes.
	bpf_core_read(&effective, sizeof(effective), &cred->cap_effective);
	event->cap_effective_raw = effective;
	event->cap_raw = check->cap;
	event->capable = capable;
	event->audit = check->options == UNKNOWN ? UNKNOWN : !(check->options & CAP_OPT_NOAUDIT);
	event->insetid = check->options == UNKNOWN ? UNKNOWN : !!(check->options & CAP_OPT_INSETID);
	event->syscall_raw = current_syscall();
	event->kstack_raw = collect_kstack ? gadget_get_kernel_stack(ctx) : 0;
	gadget_get_user_stack(ctx, &event->ustack);
	return gadget_submit_buf(ctx, &events, event, sizeof(*event));
}

SEC("fexit/cap_capable")
int BPF_PROG(ig_cap_exit, const struct cred *cred, struct user_namespace *target, int cap, unsigned int options, int result)
{
	struct check check = { .target = target, .cap = cap, .options = options };

	return wanted(cred, &check) ? emit(ctx, &check, result == 0) : 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u64);
	__type(value, struct check);
} checks SEC(".maps");

SEC("kprobe/cap_capable")
int BPF_KPROBE(ig_cap_e, const struct cred *cred, struct user_namespace *target, int cap, unsigned int options)
{
	struct check check = { .target = target, .cap = cap, .options = options };
	__u64 id = bpf_get_current_pid_tgid();

	if (wanted(cred, &check))
		bpf_map_update_elem(&checks, &id, &check, BPF_ANY);
	return 0;
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(ig_cap_x, int result)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct check *found = bpf_map_lookup_elem(&checks, &id);
	struct check check;

	if (!found)
		return 0;
	check = *found;
	bpf_map_delete_elem(&checks, &id);
	return emit(ctx, &check, result == 0);
}

// Kernel 6.14 has a tracepoint, which leaves out the options.
SEC("raw_tp/cap_capable")
int BPF_PROG(ig_cap_tp, const struct cred *cred, struct user_namespace *target, const struct user_namespace *capable_ns, int cap,
	     int result)
{
	struct check check = { .target = target, .cap = cap, .options = UNKNOWN };

	return wanted(cred, &check) ? emit(ctx, &check, result == 0) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
