// SPDX-License-Identifier: Apache-2.0
/* Texts of stacks: of this very process, with the addresses in maps as the kernel would leave them. */
#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>
#include "check.h"
#include "stack_ids.h"

#define FRAMES 127
#define CAPACITY (1u << 20)

/* As a gadget's: bpf/include/gadget/types.h. */
struct record {
	uint32_t kernel, pad;
	uint32_t major, minor;
	uint64_t inode, mtime_sec;
	uint32_t mtime_nsec, base_addr_hash, stack_id, tgid_level0, pid_level0, pidns_level0, pid_level1, pidns_level1;
	uint64_t otel_correlation_id, boot_timestamp;
};

static const struct ig_stack_field fields[] = {
	{ 0, 0, { 0, IG_NO_SLOT, IG_NO_SLOT, 4 } },
	{ 1, 8, { 1, 2, 3, 5 } },
};

static int map;
static struct ig_stacks *stacks;
static uint8_t *region;
static const char *library = "dist/native/libblazesym.so";

static void put(uint32_t id, const uint64_t *addresses, uint32_t count)
{
	uint64_t value[FRAMES] = {};

	memcpy(value, addresses, count * sizeof(*addresses));
	CHECK_EQUAL(bpf_map_update_elem(map, &id, value, BPF_ANY), 0);
}

static struct record of_this_process(uint32_t id)
{
	return (struct record){ .kernel = (uint32_t)-14, .inode = 1, .stack_id = id, .tgid_level0 = (uint32_t)getpid() };
}

/* Lays out a batch of records and fills its columns. */
static void fill(const struct record *records, uint32_t count, uint32_t capacity)
{
	struct ig_batch_spec spec = spec_of(sizeof(*records), count, CAPACITY / 2);
	const uint64_t size = count * (8 + sizeof(*records));
	uint8_t *bytes = malloc(size);
	uint64_t consumed;

	spec.column_count = 6;
	for (uint32_t i = 0; i < count; i++) {
		ig_store32(bytes + i * (8 + sizeof(*records)), sizeof(*records));
		memset(bytes + i * (8 + sizeof(*records)) + 4, 0, 4);
		memcpy(bytes + i * (8 + sizeof(*records)) + 8, &records[i], sizeof(*records));
	}
	region = malloc(capacity);
	CHECK_EQUAL(ig_records_fill(bytes, size, &consumed, region, capacity, &spec, 0, 0), count);
	CHECK_EQUAL(ig_stacks_fill(stacks, region, capacity, sizeof(*records), fields, 2), 0);
	free(bytes);
}

/* The text of a column; valid until the next call. */
static const char *text_of(uint32_t slot, uint32_t row)
{
	static char text[65536];
	const struct ig_batch batch = header_of(region);
	struct ig_column column;
	struct ig_view view;

	memcpy(&column, region + batch.columns + slot * sizeof(column), sizeof(column));
	CHECK_EQUAL(column.state, 1);
	CHECK_EQUAL(column.data_size, batch.row_count * sizeof(view));
	memcpy(&view, region + column.data + row * sizeof(view), sizeof(view));
	CHECK(view.size < sizeof(text));
	memcpy(text, region + view.offset, view.size);
	text[view.size] = 0;
	return text;
}

__attribute__((noinline)) static int leaf(int n)
{
	return n * 3 + (int)getpid();
}

__attribute__((noinline)) int caller_of_leaf(int n)
{
	return leaf(n) + 1;
}

static void functions_have_names_files_and_lines(void)
{
	const uint64_t addresses[] = { (uint64_t)leaf + 1, (uint64_t)caller_of_leaf + 8 };
	const struct record record = of_this_process(7);
	char expected[64];

	put(7, addresses, 2);
	fill(&record, 1, CAPACITY);
	CHECK(!strcmp(text_of(1, 0), "leaf; caller_of_leaf; "));
	snprintf(expected, sizeof(expected), "0x%016llx; 0x%016llx; ", (unsigned long long)addresses[0], (unsigned long long)addresses[1]);
	CHECK(!strcmp(text_of(2, 0), expected));
	CHECK(!strcmp(text_of(3, 0), ""));
	CHECK(!strncmp(text_of(5, 0), "leaf\t", 5));
	CHECK(strstr(text_of(5, 0), "/test/native/stacks.test.c\t"));
	CHECK(strstr(text_of(5, 0), "\ncaller_of_leaf\t"));
	/* No stack of the kernel. */
	CHECK(!strcmp(text_of(0, 0), ""));
	free(region);
}

static void rows_with_one_stack_share_its_text(void)
{
	const uint64_t addresses[] = { (uint64_t)leaf + 1 };
	const struct record records[] = { of_this_process(8), of_this_process(8) };
	struct ig_view views[2];
	struct ig_column column;

	put(8, addresses, 1);
	fill(records, 2, CAPACITY);
	memcpy(&column, region + header_of(region).columns + sizeof(column), sizeof(column));
	memcpy(views, region + column.data, sizeof(views));
	CHECK_EQUAL(views[0].offset, views[1].offset);
	CHECK(views[0].size);
	free(region);
}

static void functions_of_the_kernel_have_names_or_it_is_said_why_not(void)
{
	struct record record = { .kernel = 9 };
	uint64_t address = 0;
	char line[512];
	FILE *kallsyms = fopen("/proc/kallsyms", "r");

	while (kallsyms && fgets(line, sizeof(line), kallsyms)) {
		if (strstr(line, " T vfs_read\n"))
			address = strtoull(line, NULL, 16);
	}
	fclose(kallsyms);
	put(9, (uint64_t[]){ address ? address + 4 : 1ull << 63, 4096 }, 2);
	fill(&record, 1, CAPACITY);
	if (address) {
		CHECK(!strcmp(text_of(0, 0), "vfs_read; [unknown]; "));
		CHECK(!strncmp(text_of(4, 0), "vfs_read\t\t\t[kernel.kallsyms]\t\t0x", 32));
		CHECK(!(ig_stacks_troubles(stacks) & IG_STACKS_KERNEL_HIDDEN));
	} else {
		CHECK(!strcmp(text_of(0, 0), "[unknown]; [unknown]; "));
		CHECK(ig_stacks_troubles(stacks) & IG_STACKS_KERNEL_HIDDEN);
	}
	free(region);
}

static void a_perf_map_names_code_and_its_mistakes_do_not_matter(void)
{
	char *code = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct record record = of_this_process(10);
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	file = fopen(path, "w");
	CHECK(file);
	fprintf(file, "\n\nzzz\n1\n1 2\n12 0 empty\nffffffffffffffff ffffffffffffffff wraps\n%lx 10 old\n%lx 10 new;\x1b[1m name\n%lx 8 cut",
		(unsigned long)code, (unsigned long)code, (unsigned long)code + 64);
	fclose(file);
	put(10, (uint64_t[]){ (uint64_t)code + 3, (uint64_t)code + 100, 64 }, 3);
	fill(&record, 1, CAPACITY);
	snprintf(path, sizeof(path), "new:?[1m name; 0x%llx; 0x40; ", (unsigned long long)code + 100);
	CHECK(!strcmp(text_of(1, 0), path));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
	munmap(code, 8192);
	free(region);
}

static void stacks_that_are_gone_and_processes_that_are_gone_are_no_mistakes(void)
{
	const uint64_t addresses[] = { 0x1234 };
	struct record records[] = { of_this_process(11), of_this_process(12), of_this_process(11) };

	records[0].kernel = (uint32_t)-17;
	records[2].tgid_level0 = 0x7ffffffe;
	put(11, addresses, 1);
	fill(records, 3, CAPACITY);
	CHECK(!strcmp(text_of(0, 0), "[lost]; "));
	CHECK(!strcmp(text_of(1, 0), "0x1234; "));
	CHECK(!strcmp(text_of(1, 1), "[lost]; "));
	CHECK(!strcmp(text_of(1, 2), "0x1234; "));
	free(region);
}

static void a_batch_without_room_keeps_what_fits(void)
{
	const struct record record = of_this_process(7);
	uint32_t least = 128 + 6 * 32 + 256, filled = 0;

	for (uint32_t capacity = least; capacity < 2048; capacity += 8) {
		ig_stacks_troubles(stacks);
		fill(&record, 1, capacity);
		filled += !(ig_stacks_troubles(stacks) & IG_STACKS_NO_ROOM);
		free(region);
	}
	CHECK(filled > 0 && filled < (2048 - least) / 8);
}

static void a_damaged_batch_is_refused(void)
{
	const struct record record = of_this_process(7);

	fill(&record, 1, CAPACITY);
	ig_store32(region + offsetof(struct ig_batch, rows), CAPACITY - 8);
	CHECK_EQUAL(ig_stacks_fill(stacks, region, CAPACITY, sizeof(record), fields, 2), -EPROTO);
	free(region);
	fill(&record, 1, CAPACITY);
	ig_store32(region + header_of(region).selection, 1);
	CHECK_EQUAL(ig_stacks_fill(stacks, region, CAPACITY, sizeof(record), fields, 2), -EPROTO);
	free(region);
	fill(&record, 1, CAPACITY);
	CHECK_EQUAL(ig_stacks_fill(stacks, region, CAPACITY, 8, fields, 2), -EINVAL);
	free(region);
}

static void without_the_library_addresses_are_left(void)
{
	const struct record record = of_this_process(7);
	struct ig_stacks *other = stacks;
	char reason[256];

	put(7, (uint64_t[]){ (uint64_t)leaf + 1 }, 1);
	stacks = ig_stacks_new(-1, map, -1, "/nonexistent/libblazesym.so", "");
	fill(&record, 1, CAPACITY);
	CHECK(!strncmp(text_of(1, 0), "0x", 2));
	CHECK_EQUAL(ig_stacks_troubles(stacks), IG_STACKS_NO_LIBRARY);
	CHECK(ig_stacks_reason(stacks, reason, sizeof(reason)) > 0 && strstr(reason, "/nonexistent/libblazesym.so"));
	free(region);
	/* Nobody is to give names: nothing is missing then. */
	ig_stacks_free(stacks);
	stacks = ig_stacks_new(-1, map, -1, "", "");
	fill(&record, 1, CAPACITY);
	CHECK(!strcmp(text_of(1, 0), "") && !strncmp(text_of(2, 0), "0x", 2));
	CHECK_EQUAL(ig_stacks_troubles(stacks), 0);
	free(region);
	ig_stacks_free(stacks);
	stacks = other;
}

static void places_that_nobody_asks_for_are_given_back_when_there_are_few(void)
{
	const int64_t second = 1000000000ll;
	const int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "ids", 4, FRAMES * 8, 8, NULL);
	const uint64_t value[FRAMES] = { 1 };
	struct ig_stack_ids ids;
	uint32_t id;

	CHECK_EQUAL(ig_stack_ids_open(&ids, fd), 0);
	for (id = 0; id < 4; id++)
		CHECK_EQUAL(bpf_map_update_elem(fd, &id, value, BPF_ANY), 0);
	CHECK_EQUAL(ig_stack_ids_use(&ids, 0, 10 * second), 1);
	CHECK_EQUAL(ig_stack_ids_sweep(&ids, -1, 100 * second), 0);
	/* More than half: those that were not asked for in a minute. The others were first seen by the sweep before. */
	CHECK_EQUAL(bpf_map_update_elem(fd, &id, value, BPF_ANY), 0);
	CHECK_EQUAL(ig_stack_ids_use(&ids, 1, 155 * second), 1);
	CHECK_EQUAL(ig_stack_ids_sweep(&ids, -1, 101 * second), 0);
	CHECK_EQUAL(ig_stack_ids_sweep(&ids, -1, 130 * second), 1);
	CHECK_EQUAL(ig_stack_ids_use(&ids, 0, 131 * second), 1); /* a record of before */
	id = 0;
	CHECK_EQUAL(bpf_map_update_elem(fd, &id, value, BPF_ANY), 0);
	CHECK_EQUAL(ig_stack_ids_use(&ids, 0, 132 * second), 2); /* another stack */
	CHECK_EQUAL(ig_stack_ids_use(&ids, 0, 163 * second), 2);
	CHECK_EQUAL(ig_stack_ids_sweep(&ids, -1, 164 * second), 2);
	ig_stack_ids_close(&ids);
	close(fd);
}

int main(void)
{
	map = bpf_map_create(BPF_MAP_TYPE_HASH, "stacks", 4, FRAMES * 8, 64, NULL);
	if (map < 0) {
		printf("  skipped: this user may not make maps\n");
		return 0;
	}
	stacks = ig_stacks_new(map, map, -1, library, "");
	/* First: once loaded, it stays. */
	TEST(without_the_library_addresses_are_left);
	TEST(functions_have_names_files_and_lines);
	TEST(rows_with_one_stack_share_its_text);
	TEST(functions_of_the_kernel_have_names_or_it_is_said_why_not);
	TEST(a_perf_map_names_code_and_its_mistakes_do_not_matter);
	TEST(stacks_that_are_gone_and_processes_that_are_gone_are_no_mistakes);
	TEST(a_batch_without_room_keeps_what_fits);
	TEST(a_damaged_batch_is_refused);
	TEST(places_that_nobody_asks_for_are_given_back_when_there_are_few);
	ig_stacks_free(stacks);
	close(map);
	return 0;
}
