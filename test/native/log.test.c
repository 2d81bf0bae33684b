// SPDX-License-Identifier: Apache-2.0
/* libbpf's messages, through libbpf: opening nonsense makes it say something. */
#include <bpf/libbpf.h>
#include "check.h"

static char text[(256 << 10) + 1];

static void messages_are_taken_once(void)
{
	ig_log_init(1);
	CHECK(!ig_object_open("nonsense", 8, "x", NULL));
	CHECK(ig_log_take(text, sizeof(text)) > 0);
	CHECK(strstr(text, "libbpf: "));
	CHECK_EQUAL(ig_log_take(text, sizeof(text)), 0);
	CHECK_EQUAL(text[0], 0);
	CHECK_EQUAL(ig_log_take(text, 0), -EINVAL);
}

static void a_small_buffer_leaves_the_rest(void)
{
	ig_object_open("nonsense", 8, "x", NULL);
	CHECK_EQUAL(ig_log_take(text, 5), 4);
	CHECK(!strcmp(text, "libb"));
	CHECK(ig_log_take(text, sizeof(text)) > 0);
	CHECK(!strncmp(text, "pf: ", 4));
}

static void only_the_newest_is_kept(void)
{
	int size;

	for (int i = 0; i < 10000; i++)
		ig_object_open("nonsense", 8, "x", NULL);
	size = ig_log_take(text, sizeof(text));
	CHECK_EQUAL(size, 256 << 10);
	CHECK_EQUAL(text[size - 1], '\n');
}

int main(void)
{
	TEST(messages_are_taken_once);
	TEST(a_small_buffer_leaves_the_rest);
	TEST(only_the_newest_is_kept);
	return 0;
}
