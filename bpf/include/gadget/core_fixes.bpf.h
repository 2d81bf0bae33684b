// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Members that kernels have moved or renamed. Flavours (a ___suffix, which libbpf ignores when it looks
// for the type) describe how the other kernels have it.
#ifndef GADGET_CORE_FIXES_BPF_H
#define GADGET_CORE_FIXES_BPF_H

#include <vmlinux.h>
#include <bpf/bpf_core_read.h>

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

// Nanoseconds since 1970 of the inode's last change.
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

#endif
