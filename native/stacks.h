/* SPDX-License-Identifier: Apache-2.0 */
/* What stacks.c, which fills columns, and stack_texts.c, which makes what is in them, share. */
#ifndef IG_STACKS_H
#define IG_STACKS_H

#include <pthread.h>
#include "internal.h"
#include "stack_ids.h"
#include "symbols.h"
#include "text.h"

#define WRITTEN 1024u
#define BUILD_ID_SIZE 20

/* Texts of a stack, and of a frame, as in struct ig_stack_field. */
enum { SYMBOLS, ADDRESSES, BUILD_IDS, FRAMES };

/* bpf/include/gadget/types.h */
struct user_stack {
	uint32_t major, minor;
	uint64_t inode, mtime_sec;
	uint32_t mtime_nsec, base_addr_hash, stack_id, tgid_level0, pid_level0, pidns_level0, pid_level1, pidns_level1;
	uint64_t otel_correlation_id, boot_timestamp;
};
_Static_assert(sizeof(struct user_stack) == 72, "as in bpf/include/gadget/types.h");

/* The kernel's struct bpf_stack_build_id. */
struct build_id_frame {
	int32_t status; /* 0: the end; 1: valid; 2: an address */
	uint8_t build_id[BUILD_ID_SIZE];
	uint64_t offset;
};

struct ig_stacks {
	int kernel_fd, user_fd, build_id_fd;
	bool symbolize, asked, again, preparing;
	pthread_t preparer; /* reads kernel; to be joined before anyone else does */
	char *library, *debuginfod;
	char reason[256];
	uint32_t pid_namespace;
	struct ig_stack_ids kernel_ids, user_ids;
	int64_t now; /* of the batch */
	struct ig_kallsyms kernel;
	struct ig_processes processes;
	struct ig_elfs elfs;
	struct ig_memo stacks, frames;
	struct ig_text texts[IG_MEMO_TEXTS], pieces[IG_MEMO_TEXTS];
	uint32_t troubles;
	struct written {
		uint64_t id; /* of the memory's entry */
		struct ig_view views[IG_MEMO_TEXTS];
	} written[WRITTEN]; /* what a batch already has of a field: rows with the same stack share its text */
	struct build_id_frame ids[IG_MOST_FRAMES];
	uint32_t picked[IG_MAX_ROWS];
};

/* Waits for what ig_stacks_prepare began. */
void ig_stacks_prepared(struct ig_stacks *stacks);

/* Texts of a kernel stack, and of a user stack, remembered or made now. NULL: there is no stack, or no memory. Valid until the next call. */
const struct ig_memo_entry *ig_stack_kernel_texts(struct ig_stacks *stacks, uint32_t id);
const struct ig_memo_entry *ig_stack_user_texts(struct ig_stacks *stacks, const struct user_stack *stack);

#endif
