// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Types that ig gives a meaning: their names reach user space through BTF, and choose how a field is
// shown, enriched and filtered. Layouts are those of Inspektor Gadget: records are read by both.
#ifndef GADGET_TYPES_H
#define GADGET_TYPES_H

// Programs for packets may include the kernel's own headers instead, before this.
#if !defined(__VMLINUX_H__) && !defined(_LINUX_TYPES_H)
#include <vmlinux.h>
#endif
#ifndef __VMLINUX_H__
#include <stdbool.h>
#endif

#ifndef TASK_COMM_LEN
#define TASK_COMM_LEN 16
#endif

// Inode number of a namespace (what readlink /proc/PID/ns/mnt shows): which container an event belongs to.
// A record has at most one of each.
typedef __u64 gadget_mntns_id;
typedef __u32 gadget_netns_id;

// Nanoseconds since boot, suspended time included: bpf_ktime_get_boot_ns().
typedef __u64 gadget_timestamp;

typedef __u32 gadget_signal;
// A positive errno; 0 is success.
typedef __u32 gadget_errno;
typedef __u64 gadget_syscall;
// Key in the map ig_kstack; see kernel_stack_map.h.
typedef __u32 gadget_kernel_stack;

typedef __u32 gadget_uid;
typedef __u32 gadget_gid;
typedef __u32 gadget_pid;
typedef __u32 gadget_tid;
typedef __u32 gadget_ppid;
typedef __u32 gadget_ptid;
// Used as gadget_comm name[TASK_COMM_LEN].
typedef char gadget_comm;
typedef char gadget_pcomm;

// st_mode bits, and open(2)'s flags.
typedef __u32 gadget_file_mode;
typedef __u32 gadget_file_flags;

typedef __u64 gadget_bytes;
// Nanoseconds.
typedef __u64 gadget_duration;

// Fields that become metrics of the same kind.
typedef __u32 gadget_counter__u32;
typedef __u64 gadget_counter__u64;
typedef __u32 gadget_gauge__u32;
typedef __u64 gadget_gauge__u64;
typedef __u32 gadget_histogram_slot__u32;
typedef __u64 gadget_histogram_slot__u64;

// Bytes in network order. The 128-bit member is what aligns endpoints to 16 bytes.
union gadget_ip_addr_t {
	__u8 v6[16];
	unsigned __int128 v6_raw;
	__u32 v4;
};

struct gadget_l3endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u8 version; // 4 or 6
};

struct gadget_l4endpoint_t {
	union gadget_ip_addr_t addr_raw;
	__u16 port; // host order
	__u16 proto_raw; // IPPROTO_*
	__u8 version; // 4 or 6
};

struct gadget_creds {
	gadget_uid uid;
	gadget_gid gid;
};

struct gadget_parent {
	gadget_pcomm comm[TASK_COMM_LEN];
	gadget_ppid pid;
	gadget_ptid tid;
};

// Who did it; gadget_process_populate() in common.h fills it.
struct gadget_process {
	gadget_comm comm[TASK_COMM_LEN];
	gadget_pid pid;
	gadget_tid tid;
	gadget_mntns_id mntns_id;
	struct gadget_creds creds;
	struct gadget_parent parent;
};

// What a user stack needs to be symbolized later, when the process may be gone: its executable, its ids
// in its own and the root pid namespace, and when it was taken. gadget_get_user_stack() fills it.
struct gadget_user_stack {
	// the executable's device, inode and modification time
	__u32 major;
	__u32 minor;
	__u64 inode;
	__u64 mtime_sec;
	__u32 mtime_nsec;
	// tells apart two runs of one executable at different addresses
	__u32 base_addr_hash;
	// key in ig_ustack and ig_build_id
	__u32 stack_id;
	__u32 tgid_level0;
	__u32 pid_level0;
	__u32 pidns_level0;
	__u32 pid_level1;
	__u32 pidns_level1;
	__u64 otel_correlation_id;
	__u64 boot_timestamp;
};

#define GADGET_SE_PATH_MAX 4096

// The owner of a socket; see sockets-map.h. The host decides how large the paths are, and whether they are there
// at all: ask bpf_core_field_exists() and bpf_core_field_size() for them.
struct gadget_socket_value {
	__u64 mntns;
	__u64 pid_tgid;
	__u64 uid_gid;
	char task[TASK_COMM_LEN];
	char ptask[TASK_COMM_LEN];
	__u64 sock; // the kernel's address of it
	__u64 deletion_timestamp; // 0 while it is open
	__u32 ppid;
	__u32 ptid;
	char ipv6only;

	char optional_fields_start[0] __attribute__((aligned(8)));
	char cwd[GADGET_SE_PATH_MAX];
	char exepath[GADGET_SE_PATH_MAX];
} __attribute__((preserve_access_index));

#endif
