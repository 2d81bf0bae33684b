// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The filters that every gadget has: --pid --tid --uid --gid --comm, and by container. Unset ones cost
// nothing: the verifier knows their values, and removes the comparison and what leads to it.
#ifndef GADGET_FILTER_H
#define GADGET_FILTER_H

#include <gadget/types.h>
#include <bpf/bpf_helpers.h>
#include <gadget/macros.h>
#include <gadget/mntns_filter.h>
// A socket filter or a tc program has no task.
#ifndef GADGET_TYPE_NETWORKING
#include <gadget/mntns.h>
#endif

#define GADGET_ANY_ID ((__u32)-1)
#define GADGET_INVALID_ID GADGET_ANY_ID

const volatile gadget_pid targ_pid = 0;
const volatile gadget_tid targ_tid = 0;
const volatile gadget_uid targ_uid = GADGET_ANY_ID;
const volatile gadget_gid targ_gid = GADGET_ANY_ID;
const volatile gadget_comm targ_comm[TASK_COMM_LEN] __attribute__((aligned(8))) = {};

GADGET_PARAM(targ_pid);
GADGET_PARAM(targ_tid);
GADGET_PARAM(targ_uid);
GADGET_PARAM(targ_gid);
GADGET_PARAM(targ_comm);

// `comm`: TASK_COMM_LEN bytes, zeros after the name.
static __always_inline bool gadget_comm_differs(const char *comm)
{
#pragma unroll
	for (int i = 0; i < TASK_COMM_LEN; i++) {
		if (comm[i] != targ_comm[i])
			return true;
		if (!comm[i])
			return false;
	}
	return false;
}

static __always_inline bool gadget_should_discard_pid(gadget_pid pid)
{
	return targ_pid && targ_pid != pid;
}

static __always_inline bool gadget_should_discard_tid(gadget_tid tid)
{
	return targ_tid && targ_tid != tid;
}

static __always_inline bool gadget_should_discard_uid(gadget_uid uid)
{
	return targ_uid != GADGET_ANY_ID && targ_uid != uid;
}

static __always_inline bool gadget_should_discard_gid(gadget_gid gid)
{
	return targ_gid != GADGET_ANY_ID && targ_gid != gid;
}

static __always_inline bool gadget_should_discard_comm(const gadget_comm *comm)
{
	return targ_comm[0] && gadget_comm_differs(comm);
}

// Whether an event with these properties is one that the user did not ask for.
static __always_inline bool gadget_should_discard_data(gadget_mntns_id mntns_id, gadget_pid pid,
						       gadget_tid tid, const gadget_comm *comm,
						       gadget_uid uid, gadget_gid gid)
{
	return gadget_should_discard_pid(pid) || gadget_should_discard_tid(tid) || gadget_should_discard_uid(uid) ||
	       gadget_should_discard_gid(gid) || gadget_should_discard_comm(comm) ||
	       gadget_should_discard_mntns_id(mntns_id);
}

static __always_inline bool gadget_should_discard_process(const struct gadget_process *process)
{
	return gadget_should_discard_data(process->mntns_id, process->pid, process->tid, process->comm,
					  process->creds.uid, process->creds.gid);
}

// The same of a packet, by the socket that it belongs to (sockets-map.h). One without a known owner is discarded when there
// is any filter.
static __always_inline bool gadget_should_discard_data_by_skb(struct gadget_socket_value *socket)
{
	if (!socket)
		return targ_pid || targ_tid || targ_uid != GADGET_ANY_ID || targ_gid != GADGET_ANY_ID || targ_comm[0] ||
		       gadget_filter_by_mntns;
	return gadget_should_discard_data(socket->mntns, socket->pid_tgid >> 32, socket->pid_tgid, socket->task,
					  socket->uid_gid, socket->uid_gid >> 32);
}

#ifndef GADGET_TYPE_NETWORKING
// The same for the calling task, of which only what a set filter needs is looked up.
static __always_inline bool gadget_should_discard_data_current(void)
{
	if (targ_pid || targ_tid) {
		__u64 id = bpf_get_current_pid_tgid();

		if (gadget_should_discard_pid(id >> 32) || gadget_should_discard_tid(id))
			return true;
	}
	if (targ_uid != GADGET_ANY_ID || targ_gid != GADGET_ANY_ID) {
		__u64 id = bpf_get_current_uid_gid();

		if (gadget_should_discard_uid(id) || gadget_should_discard_gid(id >> 32))
			return true;
	}
	if (targ_comm[0]) {
		char comm[TASK_COMM_LEN];

		if (bpf_get_current_comm(comm, sizeof(comm)) || gadget_comm_differs(comm))
			return true;
	}
	return gadget_filter_by_mntns && gadget_should_discard_mntns_id(gadget_get_current_mntns_id());
}
#endif

#endif
