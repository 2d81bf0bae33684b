// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Members that kernels have moved or renamed. Flavours (a ___suffix, which libbpf ignores when it looks
// for the type) describe how the other kernels have it.
#ifndef GADGET_CORE_FIXES_BPF_H
#define GADGET_CORE_FIXES_BPF_H

#include <vmlinux.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

// For branches that no kernel takes: a program whose branch is taken all the same does not load, and the verifier shows this
// number as the helper that it does not know. It is libbpf's own mark for a member that is missing.
static void (*bpf_core_unreachable)(void) = (void *)0xbad2310;

#define GADGET_NSEC_PER_SEC 1000000000ULL

// Until kernel 6.5.
struct inode___i_ctime {
	struct timespec64 i_ctime;
} __attribute__((preserve_access_index));

// 6.6 to 6.10: 13bc24457850 "fs: rename i_ctime field to __i_ctime".
struct inode___private_i_ctime {
	struct timespec64 __i_ctime;
} __attribute__((preserve_access_index));

// Until 6.6, and then 12cd44023651 "fs: rename inode i_atime and i_mtime fields".
struct inode___i_mtime {
	struct timespec64 i_mtime;
} __attribute__((preserve_access_index));

struct inode___private_i_mtime {
	struct timespec64 __i_mtime;
} __attribute__((preserve_access_index));

// From 6.11, as in vmlinux.h: 3aa63a569c64 "fs: switch timespec64 fields in inode to discrete integers".
// Nanoseconds since 1970 of the inode's last change; 0 when it is before 1970.
static __always_inline __u64 gadget_inode_ctime(const struct inode *inode)
{
	const struct inode___i_ctime *old = (const void *)inode;
	const struct inode___private_i_ctime *middle = (const void *)inode;

	/* Since 6.13 the top bit says that the time was looked at (4e40eff0b573 "fs: add infrastructure for multigrain timestamps"). */
	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * GADGET_NSEC_PER_SEC +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & ~(1u << 31));
	if (bpf_core_field_exists(middle->__i_ctime))
		return BPF_CORE_READ(middle, __i_ctime.tv_sec) * GADGET_NSEC_PER_SEC +
		       BPF_CORE_READ(middle, __i_ctime.tv_nsec);
	return BPF_CORE_READ(old, i_ctime.tv_sec) * GADGET_NSEC_PER_SEC + BPF_CORE_READ(old, i_ctime.tv_nsec);
}

static __always_inline __u64 gadget_inode_mtime_sec(const struct inode *inode)
{
	const struct inode___i_mtime *old = (const void *)inode;
	const struct inode___private_i_mtime *middle = (const void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec);
	if (bpf_core_field_exists(middle->__i_mtime))
		return BPF_CORE_READ(middle, __i_mtime.tv_sec);
	return BPF_CORE_READ(old, i_mtime.tv_sec);
}

static __always_inline __u32 gadget_inode_mtime_nsec(const struct inode *inode)
{
	const struct inode___i_mtime *old = (const void *)inode;
	const struct inode___private_i_mtime *middle = (const void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_nsec))
		return BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(middle->__i_mtime))
		return BPF_CORE_READ(middle, __i_mtime.tv_nsec);
	return BPF_CORE_READ(old, i_mtime.tv_nsec);
}

static __always_inline __u64 gadget_get_ctime_nanosec_from_inode(struct inode *inode)
{
	return gadget_inode_ctime(inode);
}

// Until 5.14: 2f064a59a11f "sched: Change task_struct::state".
struct task_struct___state {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___private_state {
	unsigned int __state;
} __attribute__((preserve_access_index));

static __always_inline __s64 get_task_state(void *task)
{
	struct task_struct___private_state *now = task;
	struct task_struct___state *old = task;

	return bpf_core_field_exists(now->__state) ? (__s64)BPF_CORE_READ(now, __state) : BPF_CORE_READ(old, state);
}

// Until 5.12: 309dca309fc3 "block: store a block_device pointer in struct bio".
struct bio___bi_disk {
	struct gendisk *bi_disk;
} __attribute__((preserve_access_index));

struct bio___bi_bdev {
	struct block_device *bi_bdev;
} __attribute__((preserve_access_index));

// The disk that a struct bio is for.
static __always_inline struct gendisk *get_gendisk(void *bio)
{
	struct bio___bi_bdev *now = bio;
	struct bio___bi_disk *old = bio;

	return bpf_core_field_exists(now->bi_bdev) ? BPF_CORE_READ(now, bi_bdev, bd_disk) : BPF_CORE_READ(old, bi_disk);
}

// Until 5.17: f3fa33acca9f "block: remove the ->rq_disk field in struct request".
struct request_queue___disk {
	struct gendisk *disk;
} __attribute__((preserve_access_index));

struct request___rq_disk {
	struct request_queue___disk *q;
	struct gendisk *rq_disk;
} __attribute__((preserve_access_index));

// The disk that a struct request is for.
static __always_inline struct gendisk *get_disk(void *request)
{
	struct request___rq_disk *either = request;

	return bpf_core_field_exists(either->rq_disk) ? BPF_CORE_READ(either, rq_disk) : BPF_CORE_READ(either, q, disk);
}

// Since 5.17 the tracepoints block_rq_complete and block_rq_error share this event.
struct trace_event_raw_block_rq_completion___shared {
	dev_t dev;
} __attribute__((preserve_access_index));

static __always_inline bool has_block_rq_completion(void)
{
	return bpf_core_type_exists(struct trace_event_raw_block_rq_completion___shared);
}

// From 5.12 to 6.2 vfs_rename()'s argument had the user namespaces of its mounts.
struct renamedata___userns {
	struct user_namespace *old_mnt_userns;
} __attribute__((preserve_access_index));

static __always_inline bool renamedata_has_old_mnt_userns_field(void)
{
	return bpf_core_field_exists(struct renamedata___userns, old_mnt_userns);
}

// Until 5.12 kfree and kmem_cache_free shared an event.
struct trace_event_raw_kfree___own {
	const void *ptr;
} __attribute__((preserve_access_index));

struct trace_event_raw_kmem_cache_free___own {
	const void *ptr;
} __attribute__((preserve_access_index));

static __always_inline bool has_kfree(void)
{
	return bpf_core_type_exists(struct trace_event_raw_kfree___own);
}

static __always_inline bool has_kmem_cache_free(void)
{
	return bpf_core_type_exists(struct trace_event_raw_kmem_cache_free___own);
}

// Since 6.15 the tracepoint tcp_retransmit_skb has an event of its own; before, it was tcp_event_sk_skb.
struct trace_event_raw_tcp_retransmit_skb___own {
	const void *skbaddr;
	const void *skaddr;
} __attribute__((preserve_access_index));

struct trace_event_raw_tcp_event_sk_skb___shared {
	const void *skbaddr;
	const void *skaddr;
} __attribute__((preserve_access_index));

static __always_inline const struct sk_buff *gadget_get_tcp_retransmit_skb_skbaddr(void *ctx)
{
	struct trace_event_raw_tcp_retransmit_skb___own *own = ctx;
	struct trace_event_raw_tcp_event_sk_skb___shared *shared = ctx;

	return bpf_core_type_exists(struct trace_event_raw_tcp_retransmit_skb___own) ? BPF_CORE_READ(own, skbaddr)
										     : BPF_CORE_READ(shared, skbaddr);
}

static __always_inline const struct sock *gadget_get_tcp_retransmit_skb_skaddr(void *ctx)
{
	struct trace_event_raw_tcp_retransmit_skb___own *own = ctx;
	struct trace_event_raw_tcp_event_sk_skb___shared *shared = ctx;

	return bpf_core_type_exists(struct trace_event_raw_tcp_retransmit_skb___own) ? BPF_CORE_READ(own, skaddr)
										     : BPF_CORE_READ(shared, skaddr);
}

// The system call's number in the registers of a task that is in one; -1 on an architecture that is not known here.
static __always_inline long gadget_get_syscall_nr(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, orig_ax);
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno);
#else
	return -1;
#endif
}

// Its argument, 1 to 6.
static __always_inline unsigned long gadget_get_syscall_arg(struct pt_regs *regs, unsigned int number)
{
	switch (number) {
	case 1:
		return PT_REGS_PARM1_CORE_SYSCALL(regs);
	case 2:
		return PT_REGS_PARM2_CORE_SYSCALL(regs);
	case 3:
		return PT_REGS_PARM3_CORE_SYSCALL(regs);
	case 4:
		return PT_REGS_PARM4_CORE_SYSCALL(regs);
	case 5:
		return PT_REGS_PARM5_CORE_SYSCALL(regs);
	case 6:
		return PT_REGS_PARM6_CORE_SYSCALL(regs);
	default:
		return 0;
	}
}

#endif
