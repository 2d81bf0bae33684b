// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Paths of files, as the file system tree of the caller's mount namespace has them.
#ifndef GADGET_FILESYSTEM_H
#define GADGET_FILESYSTEM_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

// Of a path, its NUL included. Of a longer one the end is kept: it says more than the beginning.
#define GADGET_PATH_MAX 512

#ifndef NAME_MAX
#define NAME_MAX 255
#endif

// More than this and what is above is left out, too.
#define GADGET_PATH_MAX_DEPTH 48

// A path is found from its end, so it is written downwards from here and copied out when complete. The
// verifier only has to see that an offset is below GADGET_PATH_MAX and a name at most NAME_MAX long; the
// offset is kept in memory, or it would follow each of its possible values through the loop.
struct gadget_path_buffer {
	char bytes[GADGET_PATH_MAX + NAME_MAX + 1];
	__u32 start;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gadget_path_buffer);
} gadget_path_buffers SEC(".maps");

// Writes the path of `path` to `to`, GADGET_PATH_MAX bytes, ending it with a NUL: "" if there is none.
// Names in deleted directories and detached mounts lack what is above. A function of its own because
// four inlined copies would be more than kernel 5.10's verifier wants to see.
static __noinline long gadget_read_path(const struct path *path, char *to)
{
	__u32 zero = 0, start;
	struct gadget_path_buffer *buffer = bpf_map_lookup_elem(&gadget_path_buffers, &zero);
	struct dentry *dentry, *parent, *root;
	struct vfsmount *vfsmount;
	struct mount *mount, *above;

	if (!to)
		return 0;
	to[0] = 0;
	if (!buffer || !path)
		return 0;
	dentry = BPF_CORE_READ(path, dentry);
	vfsmount = BPF_CORE_READ(path, mnt);
	if (!dentry || !vfsmount)
		return 0;
	mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	root = BPF_CORE_READ(vfsmount, mnt_root);
	buffer->start = GADGET_PATH_MAX - 1;
	buffer->bytes[GADGET_PATH_MAX - 1] = 0;

	for (int i = 0; i < GADGET_PATH_MAX_DEPTH; i++) {
		__u32 length;

		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			break;
		length = BPF_CORE_READ(dentry, d_name.len);
		start = buffer->start;
		if (length > NAME_MAX || length + 1 > start)
			break;
		start = (start - length - 1) & (GADGET_PATH_MAX - 1);
		buffer->start = start;
		buffer->bytes[start] = '/';
		bpf_probe_read_kernel(&buffer->bytes[start + 1], length & NAME_MAX,
				      BPF_CORE_READ(dentry, d_name.name));
		dentry = parent;
	}
	start = buffer->start & (GADGET_PATH_MAX - 1);
	if (start == GADGET_PATH_MAX - 1)
		buffer->bytes[--start] = '/';
	return bpf_probe_read_kernel_str(to, GADGET_PATH_MAX, &buffer->bytes[start]);
}

// Copies the path of `file` to `to`, GADGET_PATH_MAX bytes; "" for NULL.
static __always_inline void gadget_read_file_path(struct file *file, char *to)
{
	to[0] = 0;
	if (file)
		gadget_read_path(&file->f_path, to);
}

static __always_inline struct file *gadget_file_of_fd(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = 0;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	return file;
}

// Copies the path of a descriptor of the calling process to `to`, GADGET_PATH_MAX bytes.
static __always_inline void gadget_read_fd_path(__u32 fd, char *to)
{
	gadget_read_file_path(gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd), to);
}

#endif
