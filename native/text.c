// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

#define MOST_NAME 512
#define BUCKETS 16384u
#define MOST_ENTRIES 65536u
#define MOST_BYTES (32ull << 20)

static bool make_room(struct ig_text *text, size_t size)
{
	size_t room = text->room ? text->room : 256;
	char *data;

	if (text->room - text->size >= size)
		return true;
	while (room - text->size < size)
		room *= 2;
	data = realloc(text->data, room);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void ig_text_add(struct ig_text *text, const char *bytes, size_t size)
{
	if (!size || !make_room(text, size))
		return;
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
}

void ig_text_print(struct ig_text *text, const char *format, ...)
{
	char line[512];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (size > 0)
		ig_text_add(text, line, (size_t)size < sizeof(line) ? (size_t)size : sizeof(line) - 1);
}

void ig_text_add_name(struct ig_text *text, const char *name)
{
	const size_t size = strnlen(name, MOST_NAME);

	if (!make_room(text, size))
		return;
	for (size_t i = 0; i < size; i++) {
		const unsigned char c = (unsigned char)name[i];

		text->data[text->size++] = c < 0x20 || c == 0x7f ? '?' : c == ';' ? ':' : (char)c;
	}
}

void ig_text_free(struct ig_text *text)
{
	free(text->data);
	*text = (struct ig_text){};
}

static uint32_t bucket_of(const struct ig_memo_key *key)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (int i = 0; i < IG_MEMO_WORDS; i++) {
		hash = (hash ^ key->words[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return (uint32_t)hash & (BUCKETS - 1);
}

struct ig_memo_entry *ig_memo_find(const struct ig_memo *memo, const struct ig_memo_key *key)
{
	if (!memo->buckets)
		return NULL;
	for (struct ig_memo_entry *entry = memo->buckets[bucket_of(key)]; entry; entry = entry->next)
		if (!memcmp(&entry->key, key, sizeof(*key)))
			return entry;
	return NULL;
}

static void forget(struct ig_memo *memo, const struct ig_memo_key *key)
{
	struct ig_memo_entry **link = &memo->buckets[bucket_of(key)];

	for (; *link; link = &(*link)->next) {
		struct ig_memo_entry *entry = *link;

		if (memcmp(&entry->key, key, sizeof(*key)))
			continue;
		*link = entry->next;
		memo->count--;
		for (int i = 0; i < IG_MEMO_TEXTS; i++)
			memo->bytes -= entry->sizes[i];
		free(entry);
		return;
	}
}

struct ig_memo_entry *ig_memo_put(struct ig_memo *memo, const struct ig_memo_key *key, const struct ig_text *texts, int64_t until)
{
	struct ig_memo_entry *entry, **bucket;
	size_t size = 0, at = 0;

	for (int i = 0; i < IG_MEMO_TEXTS; i++)
		size += texts[i].size;
	if (memo->count >= MOST_ENTRIES || memo->bytes + size > MOST_BYTES)
		ig_memo_clear(memo);
	if (!memo->buckets)
		memo->buckets = calloc(BUCKETS, sizeof(*memo->buckets));
	entry = malloc(sizeof(*entry) + size);
	if (!memo->buckets || !entry) {
		free(entry);
		return NULL;
	}
	forget(memo, key);
	*entry = (struct ig_memo_entry){ .key = *key, .id = ++memo->next_id, .until = until };
	for (int i = 0; i < IG_MEMO_TEXTS; i++) {
		entry->sizes[i] = (uint32_t)texts[i].size;
		if (texts[i].size)
			memcpy(entry->data + at, texts[i].data, texts[i].size);
		at += texts[i].size;
	}
	bucket = &memo->buckets[bucket_of(key)];
	entry->next = *bucket;
	*bucket = entry;
	memo->count++;
	memo->bytes += size;
	return entry;
}

void ig_memo_clear(struct ig_memo *memo)
{
	for (uint32_t i = 0; memo->buckets && i < BUCKETS; i++) {
		for (struct ig_memo_entry *entry = memo->buckets[i], *next; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	free(memo->buckets);
	*memo = (struct ig_memo){ .next_id = memo->next_id };
}
