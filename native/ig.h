/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native library's own functions; libbpf's are exported beside them. Every function returns 0 or a
 * count, or a negative errno. Nothing here allocates per record or calls back into JavaScript.
 */
#ifndef IG_H
#define IG_H

#include <stddef.h>
#include <stdint.h>
#include "ig_batch.h"

#pragma GCC visibility push(default)

#define IG_MAX_ROWS 262144u /* of one batch */
#define IG_MAX_AWAY_ROWS 65536u /* of one in another memory than home */
#define IG_MAX_COLUMNS 256u
#define IG_MAX_INPUTS 64
#define IG_MAX_ITERS 3 /* iterator programs of one data source */
#define IG_MAX_RANGES 64 /* of one projection */

/*
 * A source is a set of inputs read together: ring buffers, perf buffers, and snapshots (of iterators and maps), which are
 * taken when they are due. Threads: one thread at a time drains; ig_source_wake and ig_source_start may be called
 * from any. It outlives the worker that reads it: what was filled but not committed is read again.
 */
struct ig_source;
struct bpf_object;
struct btf;

struct ig_source *ig_source_new(void);
void ig_source_free(struct ig_source *source);
/* Maps a BPF_MAP_TYPE_RINGBUF. Returns the ring's index in this source. The fd may be closed afterwards. */
int ig_source_add_ring(struct ig_source *source, int map_fd);
/* A BPF_MAP_TYPE_PERF_EVENT_ARRAY, with so many pages (a power of two) for each CPU. record_size: of the gadget's struct. */
int ig_source_add_perf(struct ig_source *source, int map_fd, uint32_t pages, uint32_t record_size);
/*
 * One input of up to IG_MAX_ITERS iterators, by their links: a snapshot is what all of them write in one run, in records of
 * record_size bytes. Bit i of `namespaced`: links[i] shows what is in the thread's network namespace, and is run in each that
 * there is. The fds may be closed afterwards.
 */
int ig_source_add_iters(struct ig_source *source, const int32_t *links, uint32_t count, uint32_t namespaced,
			uint32_t record_size);

/* How the values that CPUs have in a per-CPU map become one: `count` numbers in a row, of `width` 1, 2, 4 or 8 bytes. */
struct ig_merge {
	uint32_t offset, width, count;
	uint32_t latest; /* 1: the largest is taken; 0: they are added up */
};

/*
 * A hash map (plain, LRU, per-CPU). A snapshot has a record for each entry: the key, and at value_offset the value. Entries
 * are taken out of the map, unless `keep`. What `merges` do not name of a per-CPU value is taken from the first CPU that has
 * any. The fd may be closed afterwards.
 */
int ig_source_add_map(struct ig_source *source, int map_fd, uint32_t value_offset, int keep, const struct ig_merge *merges,
		      uint32_t merge_count);
/*
 * When snapshots of an input are taken, before ig_source_start: each interval (maps: after the first interval; iterators: at once,
 * too), `count` times (0: without end); with no interval: count times at the start; on_stop: once more after ig_source_stop.
 */
int ig_source_schedule(struct ig_source *source, int input, uint32_t interval_ms, uint32_t count, int on_stop);
/* The gadget's programs are attached: times count from now. */
void ig_source_start(struct ig_source *source);
/* The drainer's: no more snapshots but those that are taken on_stop. May be repeated. */
void ig_source_stop(struct ig_source *source);
/* 1 when nothing will ever come: all inputs are snapshots, and all of theirs have been committed. */
int ig_source_over(struct ig_source *source);
/*
 * Blocks until a BPF program wakes an input's readers, a snapshot is due, ig_source_wake, or the timeout. Returns a bit set: 1 an
 * input has records past its cursor, 2 woken by ig_source_wake; 0 timeout with nothing there. Records that were submitted
 * without a wake-up do not end the wait early: the timeout bounds how long they lie.
 */
int ig_source_wait(struct ig_source *source, int timeout_ms);
void ig_source_wake(struct ig_source *source);
/* Bytes of one input that were not filled into a batch, and are known to be there. */
int64_t ig_source_pending(struct ig_source *source, int input);
/* Records that the kernel had no room for in a perf buffer, so far; 0 of other inputs: their programs count. Any thread. */
int64_t ig_source_lost(struct ig_source *source, int input);

/* What a batch looks like; filled once per data source by the host. */
struct ig_batch_spec {
	uint32_t data_source, flags;
	uint32_t record_size; /* of the gadget's struct */
	/*
	 * Rows of a batch are as long as its longest record, padded with zeros, but no shorter than this (at most
	 * record_size): behind it there is only text, which may be cut off.
	 */
	uint32_t fixed_size;
	uint32_t max_rows, max_bytes;
	uint32_t column_count;
	uint32_t fields[IG_MAX_COLUMNS]; /* field id of each column slot */
	int64_t boot_offset, mono_offset;
};

/*
 * Lays out a batch in region (capacity bytes) and fills it from the input's cursor on: header, columns (absent), rows
 * with their record headers, identity selection, empty heap. Busy records end the batch, discarded ones are
 * skipped. Advances the cursor, not the consumer position: ig_source_commit does, ig_source_rewind goes back.
 * Of a snapshot, rows may be 0, and it fills as many batches as it needs (IG_BATCH_MORE); -EAGAIN: none is due.
 * Rows take max_bytes at most (one row alone may take the whole region); the rest of the region is the heap.
 * Returns the number of rows (0: nothing there; discarded records have been committed then). A record that is larger
 * than a whole region is skipped and counted in *oversized, which is added to, never reset.
 */
int ig_source_fill(struct ig_source *source, int input, uint8_t *region, uint32_t capacity,
		 const struct ig_batch_spec *spec, uint64_t sequence, uint64_t lost, uint64_t *oversized);
int ig_source_commit(struct ig_source *source, int input);
int ig_source_rewind(struct ig_source *source, int input);

/*
 * The same from memory: records as a ring holds them (8-byte header, payload, padded to 8). *consumed: bytes read.
 * -EPROTO: the first record is damaged (its length leaves the memory, or it was never finished); records before a
 * damaged one are returned first. -ENOSPC: the first record does not fit into the region. Without records it lays
 * out a batch without rows.
 */
int ig_records_fill(const uint8_t *records, uint64_t size, uint64_t *consumed, uint8_t *region, uint32_t capacity,
		    const struct ig_batch_spec *spec, uint64_t sequence, uint64_t lost);
/* The reverse: all rows of a batch, without padding, as a ring holds them. Returns bytes written, -ENOSPC or -EPROTO. */
int64_t ig_records_pack(const uint8_t *region, uint32_t capacity, uint8_t *records, uint64_t size);

/*
 * The way back in for rows that an operator emits: count rows of size bytes, stride apart, become records. The caller
 * sees to it that both memories are large enough. Returns the bytes written: count * (8 + size rounded up to 8).
 */
int64_t ig_records_make(const uint8_t *rows, uint32_t count, uint32_t stride, uint32_t size, uint8_t *records);

/* A part of the rows that an operator asked to see. */
struct ig_range {
	uint32_t offset, size;
};

struct ig_projection {
	uint32_t record_size; /* the schema's: what every row has in away */
	uint32_t fixed_size;  /* what every row has in home, see struct ig_batch_spec */
	uint32_t all_rows;    /* rows larger than record_size travel whole; without ranges and texts all rows do */
	uint32_t range_count, text_count;
	struct ig_range ranges[IG_MAX_RANGES]; /* multiples of 8, not beyond round8(fixed_size); other bytes are stale */
	struct ig_range texts[IG_MAX_RANGES];  /* up to their first NUL, not beyond record_size; what follows it is stale */
	uint32_t column_count;          /* slots that exist for this operator */
	uint8_t wanted[IG_MAX_COLUMNS]; /* per slot: 1 copy it in */
	uint8_t owned[IG_MAX_COLUMNS];  /* per slot: 1 copy it back */
	uint32_t width[IG_MAX_COLUMNS]; /* per slot: bytes of a value; 0: struct ig_view */
};

/*
 * Copies the selected rows and the wanted columns of one batch (home) into another memory (away), compacted: away
 * row i is home row row_map[i]. row_map has room for the rows of home. Home was written by a guest: every
 * offset, count and index in it is checked against capacity before use, and read once. Returns rows, or
 * -EPROTO with *where naming the offending field by its offset in struct ig_batch (or 1000 + slot for a column), or
 * -ENOSPC: away is too small.
 */
int ig_batch_project(const uint8_t *home, uint32_t home_capacity, uint8_t *away, uint32_t away_capacity,
		     const struct ig_projection *projection, uint32_t *row_map, uint32_t *where);

/*
 * Takes the results of an operator back: away's selection becomes home's (through row_map), its owned columns are
 * copied into home's heap. rows: what ig_batch_project returned (the header in away is not trusted: only selected,
 * the selection, heap_used and the owned descriptors are read, each once). Repeated or out-of-range selection
 * indexes, and columns that do not fit, are -EPROTO; nothing that home shows has changed then. -ENOSPC: home's
 * heap is full. Returns the rows still selected.
 */
int ig_batch_accept(uint8_t *home, uint32_t home_capacity, const uint8_t *away, uint32_t away_capacity,
		    const struct ig_projection *projection, const uint32_t *row_map, uint32_t rows, uint32_t *where);

/*
 * Checks what an operator in home's own memory did: selection in range and without repeats, heap and owned columns
 * inside. rows: what the batch was filled with. Returns the rows still selected.
 */
int ig_batch_check(const uint8_t *home, uint32_t capacity, const struct ig_projection *projection, uint32_t rows,
		   uint32_t *where);

/*
 * Texts of stacks (bpf/include/gadget/kernel_stack_map.h, user_stack_map.h). Threads: one at a time. Outlives workers, and
 * so does what it knows: processes, files and stacks, each kind with a bound. kernel_fd, user_fd, build_id_fd: the maps
 * ig_kstack, ig_ustack, ig_build_id, or -1; they must stay open. library: blazesym, loaded when the first user stack comes; empty:
 * user stacks get no names. debuginfod: the cache in which debug files are looked for by build id, or empty.
 */
struct ig_stacks;
struct ig_stacks *ig_stacks_new(int kernel_fd, int user_fd, int build_id_fd, const char *library, const char *debuginfod);
void ig_stacks_free(struct ig_stacks *stacks);
/* Reads in the background what the first kernel stack needs, the kernel's symbols: 50 ms. May be repeated. */
void ig_stacks_prepare(struct ig_stacks *stacks);

#define IG_NO_SLOT UINT32_MAX

/* Where a record has a stack, and the slots of its texts, each as "FRAME; FRAME; " with the innermost frame first. */
struct ig_stack_field {
	uint32_t user;   /* 1: struct gadget_user_stack; 0: gadget_kernel_stack */
	uint32_t offset; /* in the row */
	/* Functions; addresses; build ids and offsets (both of user stacks alone); frames, one a line: docs/gadgets.md. */
	uint32_t slots[4];
};

/*
 * Fills the columns of the selected rows, into the batch's heap. fixed_size: as in the batch's spec. What there is no room
 * for stays empty. 0, -EPROTO: the batch is damaged, -EINVAL.
 */
int ig_stacks_fill(struct ig_stacks *stacks, uint8_t *region, uint32_t capacity, uint32_t fixed_size,
		   const struct ig_stack_field *fields, uint32_t count);

/* What went wrong since the last call, as a bit set. */
enum ig_stacks_trouble {
	IG_STACKS_KERNEL_HIDDEN = 1, /* the kernel gives no addresses away (kptr_restrict) */
	IG_STACKS_NO_LIBRARY = 2,    /* ig_stacks_reason */
	IG_STACKS_NO_ROOM = 4,       /* texts that did not fit into their batch are empty */
};
uint32_t ig_stacks_troubles(struct ig_stacks *stacks);
/* Why the library was not loaded. Its length, as snprintf. */
int ig_stacks_reason(struct ig_stacks *stacks, char *text, size_t size);

/*
 * libbpf's messages since the last call, oldest first, NUL-terminated; the buffer keeps the newest 256 KiB. Any thread.
 * level: LIBBPF_WARN 0, LIBBPF_INFO 1, LIBBPF_DEBUG 2: the least important that is kept. Returns the bytes taken.
 */
void ig_log_init(int level);
int ig_log_take(char *text, size_t size);

/* What to add to CLOCK_BOOTTIME and CLOCK_MONOTONIC for wall time, ns. Sampled anew at every call. */
void ig_clock_offsets(int64_t *boot, int64_t *mono);

/* bpf_object__open_mem; btf_path: BTF of the kernel, NULL for its own. NULL and errno on failure. */
struct bpf_object *ig_object_open(const void *bytes, size_t size, const char *name, const char *btf_path);

/*
 * Before the load: a classifier's function gets another body, of `count` instructions, with the same arguments.
 * function: its id in the object's BTF. A program that does not call it stays as it is. ig_splice_forget after the load.
 */
struct bpf_program;
int ig_program_splice(const struct bpf_program *program, uint32_t function, const void *body, uint32_t count);
void ig_splice_forget(const struct bpf_program *program);

/*
 * Writes BTF to a file: the kernel's (raw, of base_path) and struct gadget_socket_value, whose two paths have so many
 * bytes each (bpf/include/gadget/types.h).
 */
int ig_btf_with_sockets(const char *base_path, uint32_t paths, int to_fd);
/* Runs an iterator for what its program does, not for what it writes. */
int ig_iter_run(int link_fd);

/* The link of an iterator; map_fd: what an iter/bpf_map_elem goes through, or -1. NULL and errno on failure. */
struct bpf_program;
struct bpf_link;
struct bpf_link *ig_attach_iter(const struct bpf_program *program, int map_fd);
/*
 * pid -1: all. function: added to by offset; NULL: offset is in the file. counter: offset of a 16-bit number that is not 0 while
 * somebody is attached, or 0. NULL and errno on failure.
 */
struct bpf_link *ig_attach_uprobe(const struct bpf_program *program, int pid, const char *path, const char *function,
				  uint64_t offset, uint64_t counter, int at_return);
/* Where a marker (USDT) is in a file: offsets for ig_attach_uprobe. Returns how many there are, `most` at most; -ENOENT, -ENOEXEC. */
struct ig_place {
	uint64_t offset, counter;
};
int ig_usdt_find(const char *path, const char *provider, const char *name, struct ig_place *places, uint32_t most);
/* 0: this kernel can attach uprobes by links for many (6.6 and later). */
int ig_probe_uprobe_multi(void);
/*
 * Destroys links. The kernel waits for readers to leave each uprobe before it lets go of it, a tenth of a second: several
 * threads wait together.
 */
void ig_links_destroy(struct bpf_link **all, uint32_t count);
/* Samples one CPU; type and config as in perf_event_open(2). NULL and errno on failure. */
struct bpf_link *ig_attach_perf(const struct bpf_program *program, uint32_t type, uint64_t config, uint64_t frequency, int cpu);
/*
 * A program for packets that says in skb->cb[0] which network namespace they are of, and goes on to another, whose type it
 * has; fallthrough: what it returns when that is gone. skb->cb[1] is `link`: 0 frames with an Ethernet header, 1 packets that begin
 * with their IP header. Returns its fd; *map_fd must stay open as long as it is to go on.
 */
int ig_dispatcher_load(int program_fd, uint32_t netns, uint32_t link, int fallthrough, int *map_fd);
/* The kind of its packets: ARPHRD_* of linux/if_arp.h. */
int ig_interface_link(const char *name);
/* A packet socket on all interfaces of a network namespace (-1: the caller's), with a socket filter. Its fd. */
int ig_packet_socket(int program_fd, int netns_fd);
/* The fd of a link (kernel 6.6). */
int ig_attach_tcx(int program_fd, int interface, int ingress);
/*
 * The older way, of a dispatcher. Those that runs left that were killed go first. 1: the interface's qdisc was made for it, 0: it
 * was there. ig_detach_tc takes a qdisc that was made (`created`) away, unless others have begun to use it.
 */
int ig_attach_tc(int program_fd, int interface, int ingress, uint32_t *handle, uint32_t *priority);
int ig_detach_tc(int interface, int ingress, uint32_t handle, uint32_t priority, int created);
int ig_close(int fd);

/* Runs a loaded socket filter on a packet, repeat times; its last return value, and what a run took. */
int ig_program_test_run(int fd, const void *data, uint32_t size, uint32_t repeat, uint32_t *nanoseconds);

/* The next type of a kind (BTF_KIND_VAR …) after an id, or 0. */
int ig_btf_next(const struct btf *btf, uint32_t after, uint32_t kind);

/* The number of a helper by its name ("bpf_task_pt_regs"), whether or not this kernel has it; -ENOENT. */
int ig_helper_id(const char *name);

/*
 * Loads a program that does nothing, attaches it to a BTF target for a moment, and takes it away: what kernels say about
 * fentry, tp_btf and LSM programs depends on their build and processor, and only this tells.
 */
int ig_probe_attach(int program_type, int attach_type, const char *target);

/*
 * Entries of a map behind the key `after` (NULL: from the first), as many as fit into size bytes and at most
 * IG_MAP_READ_MAX: key and value, each padded with zeros to 8. value_size: what a lookup writes. Returns their number.
 */
#define IG_MAP_READ_MAX 4096
int ig_map_read(int map_fd, const uint8_t *after, uint32_t key_size, uint32_t value_size, uint8_t *entries, uint64_t size);

/* Adds up one element of a per-CPU array of u32 or u64 over all CPUs. */
int ig_percpu_sum(int map_fd, uint32_t key, uint64_t *sum);

uint32_t ig_crc32(const uint8_t *bytes, size_t size);

/* The root of cgroup v2 where it is mounted nowhere: mounted for this descriptor alone. Linux 5.2. */
int ig_cgroup2_open(void);
/* 1 when fd can be written to (or nobody will read it any more), 0 after the timeout. */
int ig_poll_writable(int fd, int timeout_ms);

#pragma GCC visibility pop
#endif
