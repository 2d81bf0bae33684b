// SPDX-License-Identifier: Apache-2.0
/* The kernel's types, and those of ours that gadgets' CO-RE relocations look for, as one file. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/btf.h>
#include "internal.h"

#define TASK_COMM_LEN 16
#define MEMBERS 12

/* Bytes of one type (Documentation/bpf/btf.rst); 0 for a kind that is not known here. */
static uint32_t type_size(const struct btf_type *type)
{
	const uint32_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return sizeof(*type);
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return sizeof(*type) + count * 12;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + count * 8;
	default:
		return 0;
	}
}

/* What is added behind the kernel's types and strings. libbpf could do it, in a hundred times the time: it indexes all strings. */
struct addition {
	struct {
		struct btf_type type;
		uint32_t bits;
	} integers[3];
	struct {
		struct btf_type type;
		struct btf_array array;
	} arrays[2];
	struct btf_type value;
	struct btf_member members[MEMBERS];
};

static const char strings[] = "unsigned long long\0unsigned int\0char\0gadget_socket_value\0mntns\0pid_tgid\0uid_gid\0task\0ptask\0"
			      "sock\0deletion_timestamp\0ppid\0ptid\0ipv6only\0cwd\0exepath";

static uint32_t name_of(uint32_t first, const char *name)
{
	const char *at = strings;

	while (strcmp(at, name))
		at += strlen(at) + 1;
	return first + (uint32_t)(at - strings);
}

/* first: the id of the first type that is added; first_string: where our strings begin. The layout is that of bpf/sockets. */
static void describe(struct addition *to, uint32_t first, uint32_t first_string, uint32_t paths)
{
	const uint32_t u64 = first, u32 = first + 1, character = first + 2, comm = first + 3, path = first + 4;
	const struct {
		const char *name;
		uint32_t type, offset;
	} members[MEMBERS] = {
		{ "mntns", u64, 0 },   { "pid_tgid", u64, 8 }, { "uid_gid", u64, 16 },
		{ "task", comm, 24 },  { "ptask", comm, 40 },  { "sock", u64, 56 },
		{ "deletion_timestamp", u64, 64 },	       { "ppid", u32, 72 },
		{ "ptid", u32, 76 },   { "ipv6only", character, 80 },
		{ "cwd", path, 88 },   { "exepath", path, 88 + paths },
	};
	const char *const integers[] = { "unsigned long long", "unsigned int", "char" };
	const uint32_t sizes[] = { 8, 4, 1 }, lengths[] = { TASK_COMM_LEN, paths };

	*to = (struct addition){};
	for (int i = 0; i < 3; i++) {
		to->integers[i].type.name_off = name_of(first_string, integers[i]);
		to->integers[i].type.info = BTF_KIND_INT << 24;
		to->integers[i].type.size = sizes[i];
		to->integers[i].bits = sizes[i] * 8;
	}
	for (int i = 0; i < 2; i++) {
		to->arrays[i].type.info = BTF_KIND_ARRAY << 24;
		to->arrays[i].array = (struct btf_array){ .type = character, .index_type = u32, .nelems = lengths[i] };
	}
	to->value.name_off = name_of(first_string, "gadget_socket_value");
	to->value.info = BTF_KIND_STRUCT << 24 | MEMBERS;
	to->value.size = 88 + 2 * paths;
	for (int i = 0; i < MEMBERS; i++)
		to->members[i] = (struct btf_member){ name_of(first_string, members[i].name), members[i].type, members[i].offset * 8 };
}

static int write_all(int fd, const void *bytes, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t count = write(fd, (const uint8_t *)bytes + done, size - done);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0)
			done += (uint64_t)count;
	}
	return 0;
}

static int read_all(const char *path, uint8_t **bytes, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;
	uint64_t capacity = 0;

	*bytes = NULL;
	*size = 0;
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t count;

		if (*size == capacity) {
			uint8_t *more = realloc(*bytes, capacity = capacity ? capacity * 2 : 8 << 20);

			if (!more) {
				error = -ENOMEM;
				break;
			}
			*bytes = more;
		}
		count = read(fd, *bytes + *size, capacity - *size);
		if (!count)
			break;
		if (count > 0)
			*size += (uint64_t)count;
		else if (errno != EINTR) {
			error = -errno;
			break;
		}
	}
	close(fd);
	return error;
}

int ig_btf_with_sockets(const char *base_path, uint32_t paths, int to_fd)
{
	const uint32_t headed = sizeof(struct btf_header);
	struct btf_header header;
	struct addition addition;
	uint32_t next = 1; /* id; 0 is void */
	uint8_t *bytes;
	uint64_t size;
	int error = read_all(base_path, &bytes, &size);

	if (error)
		goto out;
	error = -EINVAL;
	if (size < headed)
		goto out;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != BTF_MAGIC || header.hdr_len < headed || !ig_inside((uint64_t)header.hdr_len + header.type_off, header.type_len, size) ||
	    !ig_inside((uint64_t)header.hdr_len + header.str_off, header.str_len, size))
		goto out;
	for (uint32_t at = 0; at < header.type_len; next++) {
		struct btf_type type;
		uint32_t length;

		if (header.type_len - at < sizeof(type))
			goto out;
		memcpy(&type, bytes + header.hdr_len + header.type_off + at, sizeof(type));
		length = type_size(&type);
		if (!length || length > header.type_len - at)
			goto out;
		at += length;
	}
	describe(&addition, next, header.str_len, paths);

	const struct btf_header extended = {
		.magic = BTF_MAGIC,
		.version = header.version,
		.flags = header.flags,
		.hdr_len = headed,
		.type_len = header.type_len + sizeof(addition),
		.str_off = header.type_len + sizeof(addition),
		.str_len = header.str_len + sizeof(strings),
	};
	error = write_all(to_fd, &extended, sizeof(extended));
	if (!error)
		error = write_all(to_fd, bytes + header.hdr_len + header.type_off, header.type_len);
	if (!error)
		error = write_all(to_fd, &addition, sizeof(addition));
	if (!error)
		error = write_all(to_fd, bytes + header.hdr_len + header.str_off, header.str_len);
	if (!error)
		error = write_all(to_fd, strings, sizeof(strings));
out:
	free(bytes);
	return error;
}
