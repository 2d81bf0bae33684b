// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Keeps the map of which process owns which socket (gadget/sockets-map.h), without kprobes: cgroup programs that run in the
// process that binds, listens, connects or sends, before the packet leaves; a pair of tracepoints for connect(2) of UDP, which
// has no such program behind the choice of a port; and an iterator for the sockets that are there already.
//
// A port belongs to whoever used it last. A closed socket's entry is marked, and swept two seconds later: answers may
// still be on their way.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/filesystem.h>
#include <gadget/types.h>

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define SOCKETS 16384
#define ALLOW 1
#define SWEEP_AFTER_NS 2000000000ull

struct socket_key {
	__u32 netns;
	__u16 family;
	__u8 proto;
	__u8 padding;
	__u16 port;
	__u16 more_padding;
};

// struct gadget_socket_value as gadgets on this host see it; host/ebpf/sockets.ts describes it to them.
struct socket_owner {
	__u64 mntns;
	__u64 pid_tgid;
	__u64 uid_gid;
	char task[TASK_COMM_LEN];
	char ptask[TASK_COMM_LEN];
	__u64 sock;
	__u64 deletion_timestamp;
	__u32 ppid;
	__u32 ptid;
	char ipv6only;
	char padding[7];
	char cwd[GADGET_PATH_MAX];
	char exepath[GADGET_PATH_MAX];
};

// Least recently used: a system with more sockets than this loses the owners of those that are idle.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKETS);
	__type(key, struct socket_key);
	__type(value, struct socket_owner);
} gadget_sockets SEC(".maps");

// Too large for the stack.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct socket_owner);
} scratch SEC(".maps");

// Descriptors that connect(2) was called with, by thread.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} connecting SEC(".maps");

static __always_inline bool describe_socket(const struct sock *sk, struct socket_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key->proto = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol);
	if ((key->family != AF_INET && key->family != AF_INET6) || (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP))
		return false;
	key->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	// inet_sport is set only after the programs for bind(2) have run.
	key->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	return key->port != 0;
}

enum { CWD, EXEPATH };

// Global functions: the verifier sees each once in a program, however often it is called.
__noinline int remember_path(__u64 path, __u32 which)
{
	__u32 zero = 0;
	struct socket_owner *owner = bpf_map_lookup_elem(&scratch, &zero);

	if (owner)
		gadget_read_path((const struct path *)path, which == CWD ? owner->cwd : owner->exepath);
	return 0;
}

__noinline int remember(__u64 socket, __u64 of_task, bool existing)
{
	const struct sock *sk = (const struct sock *)socket;
	struct task_struct *task = (struct task_struct *)of_task;
	__u32 zero = 0;
	struct socket_owner *owner, *known;
	struct task_struct *parent;
	struct socket_key key;
	struct fs_struct *fs;
	struct file *executable;

	if (!sk || !task || !describe_socket(sk, &key))
		return 0;
	known = bpf_map_lookup_elem(&gadget_sockets, &key);
	// Sockets are shared after fork(2): of those that were there before, the first task that is listed is the oldest.
	if (known && (existing || (known->sock == (__u64)sk && known->pid_tgid >> 32 == (__u32)BPF_CORE_READ(task, tgid) &&
				   !known->deletion_timestamp)))
		return 0;
	owner = bpf_map_lookup_elem(&scratch, &zero);
	if (!owner)
		return 0;
	parent = BPF_CORE_READ(task, real_parent);
	fs = BPF_CORE_READ(task, fs);
	executable = BPF_CORE_READ(task, mm, exe_file);
	owner->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	owner->pid_tgid = (__u64)BPF_CORE_READ(task, tgid) << 32 | (__u32)BPF_CORE_READ(task, pid);
	owner->uid_gid = (__u64)BPF_CORE_READ(task, cred, gid.val) << 32 | BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&owner->task, task, comm);
	BPF_CORE_READ_INTO(&owner->ptask, parent, comm);
	owner->sock = (__u64)sk;
	owner->deletion_timestamp = 0;
	owner->ppid = BPF_CORE_READ(parent, tgid);
	owner->ptid = BPF_CORE_READ(parent, pid);
	owner->ipv6only = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only);
	remember_path(fs ? (__u64)&fs->pwd : 0, CWD);
	remember_path(executable ? (__u64)&executable->f_path : 0, EXEPATH);
	bpf_map_update_elem(&gadget_sockets, &key, owner, BPF_ANY);
	return 0;
}

// The verifier allows no arithmetic on pointers to what it knows, and so no CO-RE: as a number it is only an address.
static __always_inline void *address_of(const void *known)
{
	const void *volatile spilled = known;
	void *address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (const void *)&spilled);
	return address;
}

static __always_inline int remember_current(const void *sk)
{
	remember((__u64)address_of(sk), bpf_get_current_task(), false);
	return ALLOW;
}

// The context of these is the socket itself.
SEC("cgroup/post_bind4")
int bound4(struct bpf_sock *ctx)
{
	return remember_current(ctx);
}

SEC("cgroup/post_bind6")
int bound6(struct bpf_sock *ctx)
{
	return remember_current(ctx);
}

// Sends of UDP sockets that are not connected.
SEC("cgroup/sendmsg4")
int sends4(struct bpf_sock_addr *ctx)
{
	return remember_current(ctx->sk);
}

SEC("cgroup/sendmsg6")
int sends6(struct bpf_sock_addr *ctx)
{
	return remember_current(ctx->sk);
}

// Of TCP: the port has been chosen, and the first packet not yet sent.
SEC("sockops")
int connects(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (sk && (ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB || ctx->op == BPF_SOCK_OPS_TCP_LISTEN_CB))
		remember_current(sk);
	return ALLOW;
}

SEC("cgroup/sock_release")
int closed(struct bpf_sock *ctx)
{
	const struct sock *sk = address_of(ctx);
	struct socket_owner *owner;
	struct socket_key key;

	if (!describe_socket(sk, &key))
		return ALLOW;
	owner = bpf_map_lookup_elem(&gadget_sockets, &key);
	// An accepted connection has its listener's port: that is still open.
	if (owner && owner->sock == (__u64)sk)
		owner->deletion_timestamp = bpf_ktime_get_boot_ns();
	return ALLOW;
}

SEC("tracepoint/syscalls/sys_enter_connect")
int connect_begins(struct trace_event_raw_sys_enter *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 fd = ctx->args[0];

	bpf_map_update_elem(&connecting, &thread, &fd, BPF_ANY);
	return 0;
}

static __always_inline const struct sock *sock_of_file(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct socket *socket;

	// S_ISSOCK: only then is private_data a struct socket.
	if (!file || (BPF_CORE_READ(inode, i_mode) & 0170000) != 0140000)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

SEC("tracepoint/syscalls/sys_exit_connect")
int connect_ends(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 *fd = bpf_map_lookup_elem(&connecting, &thread);

	if (!fd)
		return 0;
	remember((__u64)sock_of_file(gadget_file_of_fd(task, *fd)), (__u64)task, false);
	bpf_map_delete_elem(&connecting, &thread);
	return 0;
}

SEC("iter/task_file")
int existing(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (task && file && task->tgid == task->pid)
		remember((__u64)sock_of_file(address_of(file)), (__u64)address_of(task), true);
	return 0;
}

SEC("iter/bpf_map_elem")
int sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	struct socket_owner *owner = ctx->value;
	struct socket_key *key = ctx->key, copy;

	if (!key || !owner || !owner->deletion_timestamp ||
	    owner->deletion_timestamp + SWEEP_AFTER_NS > bpf_ktime_get_boot_ns())
		return 0;
	__builtin_memcpy(&copy, key, sizeof(copy));
	bpf_map_delete_elem(&gadget_sockets, &copy);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
