/* SPDX-License-Identifier: Apache-2.0 */
/* Growing texts, and a bounded memory of texts by key. One thread at a time. */
#ifndef IG_TEXT_H
#define IG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as it is written to. When there is no memory it stays as it is, and says so. */
struct ig_text {
	char *data;
	size_t size, room;
	bool failed;
};

void ig_text_add(struct ig_text *text, const char *bytes, size_t size);
__attribute__((format(printf, 2, 3))) void ig_text_print(struct ig_text *text, const char *format, ...);
/*
 * A name that comes from a file or a process: at most 512 bytes, without control characters, and with ':' for ';', which is
 * what is between the frames of a stack.
 */
void ig_text_add_name(struct ig_text *text, const char *name);
void ig_text_free(struct ig_text *text);

#define IG_MEMO_WORDS 5
#define IG_MEMO_TEXTS 4

struct ig_memo_key {
	uint64_t words[IG_MEMO_WORDS];
};

struct ig_memo_entry {
	struct ig_memo_entry *next;
	struct ig_memo_key key;
	uint64_t id;   /* no other entry has it, nor will have */
	int64_t until; /* when it is to be made again, by the monotonic clock; 0: never */
	uint32_t sizes[IG_MEMO_TEXTS];
	char data[]; /* the texts, one behind the other */
};

/* Zeroes are an empty one. */
struct ig_memo {
	struct ig_memo_entry **buckets;
	uint32_t count;
	uint64_t bytes, next_id;
};

struct ig_memo_entry *ig_memo_find(const struct ig_memo *memo, const struct ig_memo_key *key);
/* Replaces what was there for the key. A full memory is emptied first. NULL: no memory. Entries live until the next put. */
struct ig_memo_entry *ig_memo_put(struct ig_memo *memo, const struct ig_memo_key *key, const struct ig_text *texts, int64_t until);
void ig_memo_clear(struct ig_memo *memo);

#endif
