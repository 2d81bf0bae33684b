// SPDX-License-Identifier: Apache-2.0
/* The entries of a hash map, as records: the key, then the value. */
#include <stdlib.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "internal.h"

/* Entries per system call. A bucket must fit whole: more when one does not (ENOSPC). */
#define BATCH 1024u
/* What the kernel says of a map without batches; it has no name outside. */
#define ENOTSUPP_IN_KERNEL 524
/* Of a hash map, bytes (the kernel's MAX_BPF_STACK). */
#define MAX_KEY 512

int ig_hash_open(struct ig_hash *map, int fd, uint32_t value_offset, bool keep, const struct ig_merge *merges, uint32_t merge_count)
{
	struct bpf_map_info info = {};
	uint32_t info_size = sizeof(info);
	int error = bpf_map_get_info_by_fd(fd, &info, &info_size), cpus;

	if (error)
		return error;
	if (value_offset < info.key_size || info.key_size > MAX_KEY)
		return -EINVAL;
	*map = (struct ig_hash){ .fd = fd, .keep = keep, .key_size = info.key_size, .value_size = info.value_size,
				.value_offset = value_offset, .max_entries = info.max_entries, .cpus = 1 };
	switch (info.type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		map->value_room = info.value_size;
		break;
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		cpus = libbpf_num_possible_cpus();
		if (cpus < 0)
			return cpus;
		map->cpus = (uint32_t)cpus;
		map->value_room = (uint32_t)ig_round8(info.value_size);
		break;
	default:
		return -EINVAL;
	}
	for (uint32_t i = 0; i < merge_count; i++) {
		const struct ig_merge *merge = &merges[i];
		const uint32_t width = merge->width;

		if ((width != 1 && width != 2 && width != 4 && width != 8) ||
		    !ig_inside(merge->offset, (uint64_t)merge->count * width, info.value_size))
			return -EINVAL;
	}
	if (merge_count) {
		map->merges = malloc(merge_count * sizeof(*merges));
		if (!map->merges)
			return -ENOMEM;
		memcpy(map->merges, merges, merge_count * sizeof(*merges));
		map->merge_count = merge_count;
	}
	return 0;
}

void ig_hash_free(struct ig_hash *map)
{
	free(map->merges);
	map->merges = NULL;
}

static uint64_t load(const uint8_t *from, uint32_t width)
{
	uint64_t value = 0;

	memcpy(&value, from, width);
	return value;
}

static void merge(uint8_t *to, const uint8_t *from, const struct ig_hash *map)
{
	for (uint32_t i = 0; i < map->merge_count; i++) {
		const struct ig_merge *rule = &map->merges[i];

		for (uint32_t n = 0; n < rule->count; n++) {
			const uint32_t at = rule->offset + n * rule->width;
			const uint64_t one = load(to + at, rule->width), other = load(from + at, rule->width);
			const uint64_t both = rule->latest ? (one > other ? one : other) : one + other;

			memcpy(to + at, &both, rule->width);
		}
	}
}

static bool is_zero(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

/* The values of all CPUs become one: that of the first CPU that has any, to which the others' numbers are added. */
static void join_cpus(uint8_t *to, const uint8_t *values, const struct ig_hash *map)
{
	bool any = false;

	memset(to, 0, map->value_size);
	for (uint32_t cpu = 0; cpu < map->cpus; cpu++) {
		const uint8_t *value = values + (uint64_t)cpu * map->value_room;

		if (is_zero(value, map->value_size))
			continue;
		if (any)
			merge(to, value, map);
		else
			memcpy(to, value, map->value_size);
		any = true;
	}
}

static int add_entry(struct ig_pool *pool, const struct ig_hash *map, const uint8_t *key, const uint8_t *value)
{
	uint8_t *payload;
	int error = ig_pool_add(pool, map->value_offset + map->value_size, &payload);

	if (error)
		return error;
	memcpy(payload, key, map->key_size);
	memset(payload + map->key_size, 0, map->value_offset - map->key_size);
	if (map->cpus > 1)
		join_cpus(payload + map->value_offset, value, map);
	else
		memcpy(payload + map->value_offset, value, map->value_size);
	return 0;
}

static bool no_batches(int error)
{
	return error == -EINVAL || error == -EOPNOTSUPP || error == -ENOTSUPP_IN_KERNEL;
}

/* -EOPNOTSUPP: this kernel, or this kind of map, has no batches; nothing was taken then. */
static int take_batches(const struct ig_hash *map, struct ig_pool *pool)
{
	const uint64_t value_room = (uint64_t)map->value_room * map->cpus;
	/* Where the kernel is in the map: 4 bytes for hash maps, and never longer than a key can be. */
	uint8_t places[2][MAX_KEY], *keys = NULL, *values = NULL;
	uint32_t size = map->max_entries < BATCH ? map->max_entries : BATCH, calls = 0;
	int error;

	for (;;) {
		uint32_t count = size;

		if (!keys) {
			keys = malloc((uint64_t)size * map->key_size);
			values = malloc(size * value_room);
			if (!keys || !values) {
				error = -ENOMEM;
				break;
			}
		}
		error = (map->keep ? bpf_map_lookup_batch : bpf_map_lookup_and_delete_batch)(
			map->fd, calls ? places[calls % 2] : NULL, places[(calls + 1) % 2], keys, values, &count, NULL);
		if (error == -ENOSPC && size < map->max_entries) {
			size = size > map->max_entries / 2 ? map->max_entries : size * 2;
			free(keys);
			free(values);
			keys = values = NULL;
			continue;
		}
		if (error && error != -ENOENT) {
			if (!calls && no_batches(error))
				error = -EOPNOTSUPP;
			break;
		}
		for (uint32_t i = 0; i < count; i++) {
			int failed = add_entry(pool, map, keys + (uint64_t)i * map->key_size, values + i * value_room);

			if (failed) {
				error = failed;
				break;
			}
		}
		if (error)
			break;
		calls++;
	}
	free(keys);
	free(values);
	return error == -ENOENT ? 0 : error;
}

/* One entry per system call, or three. */
static int take_singly(const struct ig_hash *map, struct ig_pool *pool)
{
	uint8_t keys[2][MAX_KEY], *value = malloc((uint64_t)map->value_room * map->cpus);
	int error = value ? 0 : -ENOMEM;

	/* Programs may add entries as fast as they are taken: a snapshot has no more than fit into the map. */
	for (uint32_t i = 0; i < map->max_entries && !error; i++) {
		uint8_t *key = keys[i % 2], *before = keys[(i + 1) % 2];

		/* What was deleted cannot be gone on from: the kernel begins anew then. */
		error = bpf_map_get_next_key(map->fd, i && map->keep ? before : NULL, key);
		if (error)
			break;
		error = bpf_map_lookup_elem(map->fd, key, value);
		if (error == -ENOENT) {
			error = 0;
			continue;
		}
		if (!error)
			error = add_entry(pool, map, key, value);
		if (!error && !map->keep) {
			error = bpf_map_delete_elem(map->fd, key);
			if (error == -ENOENT)
				error = 0;
		}
	}
	free(value);
	return error == -ENOENT ? 0 : error;
}

int ig_hash_take(struct ig_hash *map, struct ig_pool *pool)
{
	if (!map->singly) {
		int error = take_batches(map, pool);

		if (error != -EOPNOTSUPP)
			return error;
		map->singly = true;
	}
	return take_singly(map, pool);
}
