// SPDX-License-Identifier: Apache-2.0
/*
 * Classifiers of tc, for kernels without tcx (before 6.6). They have no owner: those of a run that was killed stay, with a
 * dispatcher that goes nowhere, until the next run on the interface finds them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>
#include "internal.h"

/* First in line, as others may end it; and where that place is taken by a filter of another kind. */
static const uint32_t priorities[] = { 1, 0x4947 };
/* Filters of one direction. */
#define MOST_FILTERS 127

/* Whether a program is a dispatcher whose run is over: the kernel has emptied its map. */
static bool is_dead(uint32_t id)
{
	uint32_t map_id = 0, size, zero = 0, next;
	struct bpf_prog_info info = { .nr_map_ids = 1, .map_ids = (uintptr_t)&map_id };
	int fd = bpf_prog_get_fd_by_id(id), map, error;
	bool ours;

	if (fd < 0)
		return false;
	size = sizeof(info);
	ours = !bpf_prog_get_info_by_fd(fd, &info, &size) && info.nr_map_ids == 1 && !strcmp(info.name, IG_DISPATCHER);
	close(fd);
	map = ours ? bpf_map_get_fd_by_id(map_id) : -1;
	if (map < 0)
		return false;
	error = bpf_map_lookup_elem(map, &zero, &next);
	close(map);
	return error == -ENOENT;
}

/* The first free handle, after those of dead runs are gone; 0: none. */
static uint32_t clean(const struct bpf_tc_hook *hook, uint32_t priority)
{
	uint32_t unused = 0;

	for (uint32_t handle = MOST_FILTERS; handle; handle--) {
		LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = priority);
		LIBBPF_OPTS(bpf_tc_opts, place, .handle = handle, .priority = priority);
		int error = bpf_tc_query(hook, &options);

		if (!error && is_dead(options.prog_id) && !bpf_tc_detach(hook, &place))
			error = -ENOENT;
		/* Which error says that there is none depends on what else there is. */
		if (error)
			unused = handle;
	}
	return unused;
}

int ig_attach_tc(int program_fd, int interface, int ingress, uint32_t *handle, uint32_t *priority)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	/* Another program's qdisc is as good. */
	const int created = bpf_tc_hook_create(&hook);
	int error = created;

	if (created && created != -EEXIST)
		return created;
	for (size_t i = 0; i < sizeof(priorities) / sizeof(*priorities); i++) {
		LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program_fd, .priority = priorities[i]);

		options.handle = clean(&hook, priorities[i]);
		error = options.handle ? bpf_tc_attach(&hook, &options) : -EUSERS;
		if (error)
			continue;
		*handle = options.handle;
		*priority = options.priority;
		return !created;
	}
	return error;
}

/* Whether a direction of clsact has no filters at all. */
static bool is_empty(int interface, uint32_t parent)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg about;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETTFILTER, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.about = { .tcm_ifindex = interface, .tcm_parent = parent },
	};
	uint8_t answer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool empty = false;

	/* The first part of the answer says it: a filter, or the end. */
	if (fd >= 0 && send(fd, &request, sizeof(request), 0) == sizeof(request)) {
		const ssize_t size = recv(fd, answer, sizeof(answer), 0);
		const struct nlmsghdr *first = (const struct nlmsghdr *)answer;

		empty = size >= (ssize_t)sizeof(*first) && first->nlmsg_type == NLMSG_DONE;
	}
	if (fd >= 0)
		close(fd);
	return empty;
}

int ig_detach_tc(int interface, int ingress, uint32_t handle, uint32_t priority, int created)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = interface, .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = priority);
	const int error = bpf_tc_detach(&hook, &options);

	if (created && is_empty(interface, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)) &&
	    is_empty(interface, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS))) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
	return error;
}
