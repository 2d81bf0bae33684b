// SPDX-License-Identifier: Apache-2.0
/* Calls of libbpf that take structs of options, with plain arguments. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <unistd.h>
#include "internal.h"

struct bpf_object *ig_object_open(const void *bytes, size_t size, const char *name, const char *btf_path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name, .btf_custom_path = btf_path);

	ig_splice_init();
	return bpf_object__open_mem(bytes, size, &options);
}

int ig_program_test_run(int fd, const void *data, uint32_t size, uint32_t repeat, uint32_t *nanoseconds)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data, .data_size_in = size, .repeat = (int)repeat);
	int error = bpf_prog_test_run_opts(fd, &options);

	*nanoseconds = options.duration;
	return error ? error : (int)options.retval;
}

#define HELPER_NAME(name, id, ...) [id] = "bpf_" #name,
static const char *const helpers[] = { ___BPF_FUNC_MAPPER(HELPER_NAME, ) };

int ig_helper_id(const char *name)
{
	for (size_t id = 1; id < sizeof(helpers) / sizeof(*helpers); id++) {
		if (helpers[id] && !strcmp(helpers[id], name))
			return (int)id;
	}
	return -ENOENT;
}

int ig_probe_attach(int type, int attach_type, const char *target)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = (enum bpf_attach_type)attach_type);
	/* return 0 */
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int id = libbpf_find_vmlinux_btf_id(target, (enum bpf_attach_type)attach_type), fd, link;

	if (id < 0)
		return id;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load((enum bpf_prog_type)type, "ig_probe", "GPL", program, 2, &options);
	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(NULL, fd);
	close(fd);
	if (link < 0)
		return link;
	close(link);
	return 0;
}

int ig_btf_next(const struct btf *btf, uint32_t after, uint32_t kind)
{
	const uint32_t count = btf__type_cnt(btf);

	for (uint32_t id = after + 1; id < count; id++) {
		if (BTF_INFO_KIND(btf__type_by_id(btf, id)->info) == kind)
			return (int)id;
	}
	return 0;
}
