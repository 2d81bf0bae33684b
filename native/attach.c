// SPDX-License-Identifier: Apache-2.0
/* Ways of attaching programs that libbpf has no call for, or one with a struct of options. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "internal.h"

/*
 * libbpf's own, not in its public headers: its call for names (bpf_uprobe_multi_opts.syms) finds nothing in a file that has
 * only dynamic symbols, which is what it does with a stripped library (libbpf 1.7, elf_resolve_syms_offsets).
 */
long elf_find_func_offset_from_file(const char *path, const char *name);

/* The links of one object, which several threads destroy. */
struct links {
	struct bpf_link **all;
	uint32_t count, next;
};
enum { LINK_HELPERS = 31 };

struct bpf_link *ig_attach_iter(const struct bpf_program *program, int map_fd)
{
	union bpf_iter_link_info info = { .map.map_fd = (uint32_t)map_fd };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	return bpf_program__attach_iter(program, map_fd < 0 ? NULL : &options);
}

struct bpf_link *ig_attach_uprobe(const struct bpf_program *program, int pid, const char *path, const char *function,
				  uint64_t offset, uint64_t counter, int at_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = function, .retprobe = at_return, .ref_ctr_offset = counter);
	LIBBPF_OPTS(bpf_uprobe_multi_opts, multi, .cnt = 1, .retprobe = at_return);
	unsigned long place = offset;
	const unsigned long number = counter;
	long start;

	if (bpf_program__expected_attach_type(program) != BPF_TRACE_UPROBE_MULTI)
		return bpf_program__attach_uprobe_opts(program, pid, path, offset, &options);
	if (function) {
		start = elf_find_func_offset_from_file(path, function);
		if (start < 0) {
			errno = (int)-start;
			return NULL;
		}
		place += (unsigned long)start;
	}
	multi.offsets = &place;
	multi.ref_ctr_offsets = counter ? &number : NULL;
	return bpf_program__attach_uprobe_multi(program, pid, path, NULL, &multi);
}

int ig_probe_uprobe_multi(void)
{
	/* return 0 */
	struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	unsigned long offset = 0;
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_UPROBE_MULTI);
	LIBBPF_OPTS(bpf_link_create_opts, options, .uprobe_multi = { .path = "/", .offsets = &offset, .cnt = 1 });
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", nothing, 2, &load), link, error;

	if (program < 0)
		return -errno;
	link = bpf_link_create(program, -1, BPF_TRACE_UPROBE_MULTI, &options);
	error = errno;
	close(program);
	if (link >= 0)
		close(link);
	/* A folder is no program's file: said only by a kernel that gets so far. */
	return link >= 0 || error == EBADF ? 0 : -error;
}

static void *destroy_links(void *argument)
{
	struct links *links = argument;
	uint32_t next;

	while ((next = __atomic_fetch_add(&links->next, 1, __ATOMIC_RELAXED)) < links->count)
		bpf_link__destroy(links->all[next]);
	return NULL;
}

void ig_links_destroy(struct bpf_link **all, uint32_t count)
{
	struct links links = { .all = all, .count = count };
	pthread_t helpers[LINK_HELPERS];
	uint32_t helping = 0;

	while (helping < LINK_HELPERS && helping + 1 < count &&
	       pthread_create(&helpers[helping], NULL, destroy_links, &links) == 0)
		helping++;
	destroy_links(&links);
	while (helping > 0)
		pthread_join(helpers[--helping], NULL);
}

struct bpf_link *ig_attach_perf(const struct bpf_program *program, uint32_t type, uint64_t config, uint64_t frequency, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		.sample_type = PERF_SAMPLE_RAW,
		.freq = 1,
		.sample_freq = frequency,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC), error;
	struct bpf_link *link;

	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(program, fd);
	error = errno;
	if (!link)
		close(fd);
	errno = error;
	return link;
}

int ig_dispatcher_load(int program_fd, uint32_t netns, uint32_t link, int fallthrough, int *map_fd)
{
	struct bpf_prog_info info = {};
	uint32_t info_size = sizeof(info), zero = 0;
	int error = bpf_prog_get_info_by_fd(program_fd, &info, &info_size), fd, map;

	*map_fd = -1;
	if (error)
		return error;
	map = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, IG_DISPATCHER, sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	if (map < 0)
		return map;
	/* skb->cb[0] = netns; skb->cb[1] = link; tail_call(skb, map, 0); return fallthrough */
	const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = (int32_t)netns },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2, .off = offsetof(struct __sk_buff, cb) },
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = (int32_t)link },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2, .off = offsetof(struct __sk_buff, cb[1]) },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = fallthrough },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	fd = bpf_prog_load((enum bpf_prog_type)info.type, IG_DISPATCHER, "GPL", instructions, sizeof(instructions) / sizeof(*instructions),
			   NULL);
	error = fd < 0 ? fd : bpf_map_update_elem(map, &zero, &program_fd, BPF_ANY);
	if (error < 0) {
		if (fd >= 0)
			close(fd);
		close(map);
		return error;
	}
	*map_fd = map;
	return fd;
}

int ig_interface_link(const char *name)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	error = ioctl(fd, SIOCGIFHWADDR, &request) < 0 ? -errno : 0;
	close(fd);
	return error ? error : request.ifr_hwaddr.sa_family;
}

int ig_packet_socket(int program_fd, int netns_fd)
{
	int own = -1, fd, error = 0;

	if (netns_fd >= 0) {
		own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (own < 0 || setns(netns_fd, CLONE_NEWNET) < 0) {
			error = -errno;
			if (own >= 0)
				close(own);
			return error;
		}
	}
	/* Protocol 0: no packets until the program is attached. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		error = -errno;
	if (own >= 0) {
		if (setns(own, CLONE_NEWNET) < 0 && !error)
			error = -errno;
		close(own);
	}
	if (!error && setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program_fd, sizeof(program_fd)) < 0)
		error = -errno;
	if (!error) {
		const struct sockaddr_ll every = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

		if (bind(fd, (const struct sockaddr *)&every, sizeof(every)) < 0)
			error = -errno;
	}
	if (error && fd >= 0)
		close(fd);
	return error ? error : fd;
}

int ig_attach_tcx(int program_fd, int interface, int ingress)
{
	return bpf_link_create(program_fd, interface, ingress ? BPF_TCX_INGRESS : BPF_TCX_EGRESS, NULL);
}

int ig_close(int fd)
{
	return close(fd) < 0 ? -errno : 0;
}
