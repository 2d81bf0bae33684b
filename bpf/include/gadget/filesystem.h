// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Paths of files, as the file system tree of the caller's mount namespace has them.
#ifndef GADGET_FILESYSTEM_H
#define GADGET_FILESYSTEM_H

#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <gadget/mntns.h>

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

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

// Finds the path of `path` and leaves it in this CPU's buffer: whether there is one, and then it begins at buffer->start.
// Names in deleted directories and detached mounts lack what is above; a file that never had a name in a file system (memfd)
// is known by its name alone. A function of its own because four inlined copies would be more than kernel 5.10's verifier
// wants to see.
static __noinline long gadget_find_path(const struct path *path)
{
	__u32 zero = 0, start;
	struct gadget_path_buffer *buffer = bpf_map_lookup_elem(&gadget_path_buffers, &zero);
	struct dentry *dentry, *parent, *root;
	struct vfsmount *vfsmount;
	struct mount *mount, *above;

	if (!buffer || !path)
		return 0;
	dentry = BPF_CORE_READ(path, dentry);
	vfsmount = BPF_CORE_READ(path, mnt);
	if (!dentry || !vfsmount)
		return 0;
	mount = real_mount(vfsmount);
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
		if (parent == dentry) {
			if (i == 0) {
				buffer->start = GADGET_PATH_MAX / 2;
				return bpf_probe_read_kernel_str(&buffer->bytes[GADGET_PATH_MAX / 2], NAME_MAX,
								 BPF_CORE_READ(dentry, d_name.name)) > 0;
			}
			break;
		}
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
	if (buffer->start == GADGET_PATH_MAX - 1) {
		buffer->start--;
		buffer->bytes[GADGET_PATH_MAX - 2] = '/';
	}
	return 1;
}

// Where gadget_find_path() has left a path.
static __always_inline char *gadget_found_path(void)
{
	__u32 zero = 0;
	struct gadget_path_buffer *buffer = bpf_map_lookup_elem(&gadget_path_buffers, &zero);

	return buffer ? &buffer->bytes[buffer->start & (GADGET_PATH_MAX - 1)] : 0;
}

// Writes the path of `path` to `to`, GADGET_PATH_MAX bytes, ending it with a NUL: "" if there is none.
static __always_inline long gadget_read_path(const struct path *path, char *to)
{
	char *found;

	to[0] = 0;
	if (!gadget_find_path(path))
		return 0;
	found = gadget_found_path();
	return found ? bpf_probe_read_kernel_str(to, GADGET_PATH_MAX, found) : 0;
}

// The path of `path` (in kernel memory, or a copy of it), until the next call on this CPU; NULL if there is none. To be copied
// with bpf_probe_read_kernel_str().
static __always_inline void *get_path_str(struct path *path)
{
	return gadget_find_path(path) ? gadget_found_path() : 0;
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

// Kernel 6.2.
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

// The open file of a descriptor of the calling process; NULL if it has none of that number. Where the kernel gives programs the
// task with its type (5.11), its members are loaded directly: each read by a helper takes ten times as long.
static __always_inline struct file *gadget_current_file(__u32 fd)
{
	struct files_struct *open;
	struct fdtable *table;
	struct file *file = 0;

	if (!gadget_has_task_btf())
		return gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd);
	open = bpf_get_current_task_btf()->files;
	table = open ? open->fdt : 0;
	if (!table || fd >= table->max_fds)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), &table->fd[fd]);
	return file;
}

struct gadget_file_id {
	__u64 inode;
	// The kernel's own dev_t.
	__u32 dev;
	__u16 mode;
};

static __always_inline void gadget_identify_file(struct file *file, struct gadget_file_id *to)
{
	struct inode *inode;

	if (bpf_ksym_exists(bpf_rdonly_cast)) {
		file = bpf_rdonly_cast(file, bpf_core_type_id_kernel(struct file));
		inode = file->f_inode;
		*to = (struct gadget_file_id){ .inode = inode->i_ino, .dev = inode->i_sb->s_dev, .mode = inode->i_mode };
	} else {
		inode = BPF_CORE_READ(file, f_inode);
		*to = (struct gadget_file_id){
			.inode = BPF_CORE_READ(inode, i_ino),
			.dev = BPF_CORE_READ(inode, i_sb, s_dev),
			.mode = BPF_CORE_READ(inode, i_mode),
		};
	}
}

// Copies the path of a descriptor of the calling process to `to`, GADGET_PATH_MAX bytes.
static __always_inline void gadget_read_fd_path(__u32 fd, char *to)
{
	gadget_read_file_path(gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd), to);
}

// The open file of a descriptor of the calling process; NULL if it has none of that number.
static __always_inline struct file *get_struct_file_for_fd(int fd)
{
	return fd < 0 ? 0 : gadget_file_of_fd((struct task_struct *)bpf_get_current_task(), fd);
}

// Copies the path of a descriptor of the calling process. Returns bytes with the NUL, below 0 if there is none.
static __always_inline long read_full_path_of_open_file_fd(int fd, char *to, __u64 size)
{
	struct file *file = get_struct_file_for_fd(fd);
	void *path = file ? get_path_str(&file->f_path) : 0;

	return path ? bpf_probe_read_kernel_str(to, size, path) : -1;
}

#endif
