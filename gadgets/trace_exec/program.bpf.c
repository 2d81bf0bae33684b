// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every execve(2) and execveat(2): who runs what, with which arguments, from where.
//
// A successful call is reported from the scheduler's tracepoint, when the new program is in place: its
// arguments are one block of memory there (mm->arg_start), and the caller's registers are gone. A failed
// one is reported when the system call returns, with the arguments that the caller passed.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#define GADGET_NO_BUF_RESERVE
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/core_fixes.bpf.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>

// Bytes of arguments that a record can hold.
#define ARGS_SIZE 5120

// Arguments that are read of a failed call, and bytes of each.
#define FAILED_ARGS 64
#define FAILED_ARG_SIZE 256

// Of include/uapi/linux/magic.h.
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

// Of include/uapi/linux/audit.h: nobody has logged in.
#define AUDIT_ID_UNSET ((__u32)-1)

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_uid loginuid;
	__u32 sessionid;
	gadget_errno error_raw;
	int args_count;
	int tty;
	unsigned int tty_major;
	unsigned int tty_minor;
	bool from_rootfs;
	bool file_from_rootfs;
	bool upper_layer;
	bool fupper_layer;
	bool pupper_layer;
	unsigned int args_size;
	char cwd[GADGET_PATH_MAX];
	char file[GADGET_PATH_MAX];
	unsigned int dev_major;
	unsigned int dev_minor;
	unsigned long inode;
	__u64 ctime;
	__u64 fctime;
	__u64 pctime;
	char exepath[GADGET_PATH_MAX];
	char parent_exepath[GADGET_PATH_MAX];
	// Ended by a NUL each; args_size says where the last one ends. The record stops there.
	char args[ARGS_SIZE];
};

const volatile bool ignore_failed = true;
GADGET_PARAM(ignore_failed);

const volatile bool paths = false;
GADGET_PARAM(paths);

GADGET_TRACER_MAP(events, 4 << 20);
GADGET_TRACER(exec, events, event);

// A record is too large for the stack, and its length is not known when it would have to be reserved.
GADGET_SCRATCH(scratch, struct event);

// The file that the caller named: for a script that is the script, while exepath is its interpreter.
struct named_file {
	__u64 inode;
	__u64 ctime;
	__u32 dev;
	bool from_rootfs;
	bool upper_layer;
	char path[GADGET_PATH_MAX];
};

// By the caller's thread id, from security_bprm_check to the outcome. Calls that fail leave theirs behind,
// to be overwritten by the thread's next one or to give way as the oldest.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, gadget_tid);
	__type(value, struct named_file);
} named_files SEC(".maps");

GADGET_SCRATCH(named_file_scratch, struct named_file);

// Whether an inode of an overlay file system is, or was copied up to, its upper layer: changed since the
// container started. struct ovl_inode is private to the overlay module, but has had the pointer to the
// upper dentry right behind the inode since 5.8 (and is not null for what is only there).
static __always_inline bool in_upper_layer(struct inode *inode)
{
	struct dentry *upper = 0;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper != 0;
}

// Whether a file is on the mount that is the caller's root: not on a volume, tmpfs or memfd.
static __always_inline bool on_rootfs(struct task_struct *task, struct file *file)
{
	return BPF_CORE_READ(file, f_path.mnt) == BPF_CORE_READ(task, fs, root.mnt);
}

static __always_inline void describe_named_file(struct task_struct *task, struct file *file, struct named_file *named)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	named->inode = BPF_CORE_READ(inode, i_ino);
	named->ctime = gadget_inode_ctime(inode);
	named->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	named->from_rootfs = on_rootfs(task, file);
	named->upper_layer = in_upper_layer(inode);
	named->path[0] = 0;
	if (paths)
		gadget_read_file_path(file, named->path);
}

static __always_inline void take_named_file(struct event *event, struct named_file *named)
{
	event->inode = named->inode;
	event->fctime = named->ctime;
	// The kernel's own dev_t: 12 bits of major above 20 of minor.
	event->dev_major = named->dev >> 20;
	event->dev_minor = named->dev & ((1 << 20) - 1);
	event->file_from_rootfs = named->from_rootfs;
	event->fupper_layer = named->upper_layer;
	if (paths)
		bpf_probe_read_kernel_str(event->file, sizeof(event->file), named->path);
}

// What is the same for both outcomes.
static __always_inline void describe_caller(struct event *event, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct file *parent_file = BPF_CORE_READ(parent, mm, exe_file);
	struct inode *parent_inode = BPF_CORE_READ(parent_file, f_inode);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	event->loginuid = AUDIT_ID_UNSET;
	event->sessionid = AUDIT_ID_UNSET;
	// Kernels without CONFIG_AUDIT have neither.
	if (bpf_core_field_exists(task->loginuid))
		event->loginuid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		event->sessionid = BPF_CORE_READ(task, sessionid);
	if (tty) {
		__u32 major = BPF_CORE_READ(tty, driver, major);
		__u32 minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);

		event->tty_major = major;
		event->tty_minor = minor;
		// As in /proc/PID/stat (new_encode_dev in include/linux/kdev_t.h).
		event->tty = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
	}
	if (parent_file) {
		event->pctime = gadget_inode_ctime(parent_inode);
		event->pupper_layer = in_upper_layer(parent_inode);
	}
	if (paths) {
		gadget_read_path(&fs->pwd, event->cwd);
		gadget_read_file_path(parent_file, event->parent_exepath);
	}
}

static __always_inline void describe_executable(struct event *event, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (!file)
		return;
	event->ctime = gadget_inode_ctime(inode);
	event->upper_layer = in_upper_layer(inode);
	event->from_rootfs = on_rootfs(task, file);
	if (paths)
		gadget_read_file_path(file, event->exepath);
}

// Returns the CPU's record with what is not always written set to zero; NULL if the caller is of no interest.
static __always_inline struct event *begin(gadget_tid tid)
{
	__u32 zero = 0;
	struct event *event = bpf_map_lookup_elem(&scratch, &zero);

	if (!event)
		return 0;
	gadget_process_populate(&event->proc);
	// A thread that is not the first becomes it when it succeeds; it is known by its old id.
	event->proc.tid = tid;
	if (gadget_should_discard_process(&event->proc))
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	__builtin_memset(&event->loginuid, 0, offsetof(struct event, cwd) - offsetof(struct event, loginuid));
	__builtin_memset(&event->dev_major, 0, offsetof(struct event, exepath) - offsetof(struct event, dev_major));
	event->cwd[0] = 0;
	event->file[0] = 0;
	event->exepath[0] = 0;
	event->parent_exepath[0] = 0;
	event->args[0] = 0;
	return event;
}

static __always_inline int end(void *ctx, struct event *event)
{
	__u64 size = event->args_size;

	// The verifier has to see the bound on the very register.
	barrier_var(size);
	if (size > sizeof(event->args))
		size = sizeof(event->args);
	return gadget_output_buf(ctx, &events, event, offsetof(struct event, args) + size);
}

SEC("raw_tracepoint/sched_process_exec")
int BPF_PROG(ig_sched_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	gadget_tid tid = old_pid;
	struct event *event = begin(tid);
	const char *filename = BPF_CORE_READ(bprm, filename);
	struct named_file *named;
	__u64 start, size;
	__u32 zero = 0;

	if (!event)
		return 0;
	describe_caller(event, task);
	describe_executable(event, task);

	named = bpf_map_lookup_elem(&named_files, &tid);
	if (!named && filename == BPF_CORE_READ(bprm, interp)) {
		// Not a script: the file that was named is the one that runs.
		named = bpf_map_lookup_elem(&named_file_scratch, &zero);
		if (named)
			describe_named_file(task, BPF_CORE_READ(bprm, file), named);
	}
	if (named)
		take_named_file(event, named);
	else if (paths)
		// A script, and nothing saw it being opened: its name as the caller gave it.
		bpf_probe_read_kernel_str(event->file, sizeof(event->file), filename);
	bpf_map_delete_elem(&named_files, &tid);

	start = BPF_CORE_READ(task, mm, arg_start);
	size = BPF_CORE_READ(task, mm, arg_end) - start;
	barrier_var(size);
	if (size > sizeof(event->args))
		size = sizeof(event->args);
	event->args_count = BPF_CORE_READ(bprm, argc);
	// The kernel wrote this block a moment ago, so it is in memory.
	if (bpf_probe_read_user(event->args, size, (void *)start) == 0)
		event->args_size = size;
	event->args[sizeof(event->args) - 1] = 0;
	return end(ctx, event);
}

// Where kprobes exist, the named file is seen before its interpreter takes its place in bprm->file.
SEC("kprobe/security_bprm_check")
int BPF_KPROBE(ig_bprm_check, struct linux_binprm *bprm)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct named_file *named;
	__u32 zero = 0;

	// Called again for each interpreter; bprm_change_interp() has set interp by then.
	if (BPF_CORE_READ(bprm, filename) != BPF_CORE_READ(bprm, interp))
		return 0;
	named = bpf_map_lookup_elem(&named_file_scratch, &zero);
	if (!named)
		return 0;
	describe_named_file((struct task_struct *)bpf_get_current_task(), BPF_CORE_READ(bprm, file), named);
	bpf_map_update_elem(&named_files, &tid, named, BPF_ANY);
	return 0;
}

// Failed calls.

// Reads what the caller passed as far as it is in memory: what the kernel did not get to read before it
// failed may not be. The size so far is kept in the record, where the verifier does not follow it: it would
// look at every way that 64 arguments can be read or not.
static __always_inline void read_arguments(struct event *event, const char *filename, const char *const *argv)
{
	for (int i = 0; i < FAILED_ARGS; i++) {
		const char *argument = 0;
		__u32 size = event->args_size;
		long length;

		if (bpf_probe_read_user(&argument, sizeof(argument), &argv[i]) || !argument)
			break;
		event->args_count++;
		if (size > sizeof(event->args) - FAILED_ARG_SIZE)
			continue;
		length = bpf_probe_read_user_str(&event->args[size], FAILED_ARG_SIZE, argument);
		// The helper leaves an empty string when it fails.
		event->args_size = size + (length > 0 ? length : 1);
	}
	if (event->args_size == 0) {
		long length = bpf_probe_read_user_str(event->args, FAILED_ARG_SIZE, filename);

		event->args_size = length > 0 ? length : 0;
	}
}

static __always_inline int report_failure(void *ctx, long result, const char *filename, const char *const *argv)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct named_file *named;
	struct event *event;

	event = begin(tid);
	if (!event)
		return 0;
	event->error_raw = -result;
	describe_caller(event, task);
	describe_executable(event, task);
	named = bpf_map_lookup_elem(&named_files, &tid);
	if (named)
		take_named_file(event, named);
	else if (paths)
		bpf_probe_read_user_str(event->file, sizeof(event->file), filename);
	bpf_map_delete_elem(&named_files, &tid);
	read_arguments(event, filename, argv);
	return end(ctx, event);
}

// One program, at the exit: a call that fails leaves the caller's registers as they were, and kernel 5.15
// has bpf_task_pt_regs(). (arm64 puts the result into the first, which PT_REGS_PARM1_SYSCALL knows.)

SEC("tracepoint/syscalls/sys_exit_execve")
int ig_execve_exit(struct syscall_trace_exit *ctx)
{
	struct pt_regs *regs;

	if (ignore_failed || ctx->ret >= 0)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return report_failure(ctx, ctx->ret, (void *)PT_REGS_PARM1_CORE_SYSCALL(regs), (void *)PT_REGS_PARM2_CORE_SYSCALL(regs));
}

SEC("tracepoint/syscalls/sys_exit_execveat")
int ig_execveat_exit(struct syscall_trace_exit *ctx)
{
	struct pt_regs *regs;

	if (ignore_failed || ctx->ret >= 0)
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return report_failure(ctx, ctx->ret, (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), (void *)PT_REGS_PARM3_CORE_SYSCALL(regs));
}

// Older kernels: a program at the entry keeps the arguments for the one at the exit.

struct call {
	const char *filename;
	const char *const *argv;
};

// By thread. A call that succeeds leaves its entry behind when the thread was not the first of its process,
// as its id is gone then; the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, gadget_tid);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline int enter(const char *filename, const char *const *argv)
{
	struct call call = { .filename = filename, .argv = argv };
	gadget_tid tid = bpf_get_current_pid_tgid();

	if (!ignore_failed)
		bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

static __always_inline int leave(struct syscall_trace_exit *ctx)
{
	gadget_tid tid = bpf_get_current_pid_tgid();
	struct call *call;

	if (ignore_failed)
		return 0;
	call = bpf_map_lookup_elem(&calls, &tid);
	if (!call)
		return 0;
	if (ctx->ret < 0)
		report_failure(ctx, ctx->ret, call->filename, call->argv);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_execve")
int ig_execve_e(struct syscall_trace_enter *ctx)
{
	return enter((const char *)ctx->args[0], (const char *const *)ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_enter_execveat")
int ig_execveat_e(struct syscall_trace_enter *ctx)
{
	return enter((const char *)ctx->args[1], (const char *const *)ctx->args[2]);
}

SEC("tracepoint/syscalls/sys_exit_execve")
int ig_execve_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx);
}

SEC("tracepoint/syscalls/sys_exit_execveat")
int ig_execveat_x(struct syscall_trace_exit *ctx)
{
	return leave(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
