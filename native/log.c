// SPDX-License-Identifier: Apache-2.0
/* libbpf's messages, kept for the host to fetch: a callback into JavaScript would have to happen on its thread. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "internal.h"

#define LOG_SIZE (256u << 10)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[LOG_SIZE];
static size_t first, used; /* a ring: used bytes from first on */
static int keep_level;

static void append(const char *message, size_t size)
{
	size_t end, part;

	if (size > LOG_SIZE) {
		message += size - LOG_SIZE;
		size = LOG_SIZE;
	}
	if (used + size > LOG_SIZE) {
		size_t drop = used + size - LOG_SIZE;

		first = (first + drop) % LOG_SIZE;
		used -= drop;
	}
	end = (first + used) % LOG_SIZE;
	part = size < LOG_SIZE - end ? size : LOG_SIZE - end;
	memcpy(text + end, message, part);
	memcpy(text, message + part, size - part);
	used += size;
}

static int __attribute__((format(printf, 2, 0))) keep(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024], *message = line;
	va_list again;
	int size;

	if ((int)level > keep_level)
		return 0;
	va_copy(again, args);
	size = vsnprintf(line, sizeof(line), format, args);
	if (size >= (int)sizeof(line)) { /* a verifier's log, megabytes perhaps */
		message = malloc((size_t)size + 1);
		if (message) {
			vsnprintf(message, (size_t)size + 1, format, again);
		} else {
			message = line;
			size = sizeof(line) - 1;
		}
	}
	va_end(again);
	if (size > 0) {
		pthread_mutex_lock(&lock);
		append(message, (size_t)size);
		pthread_mutex_unlock(&lock);
	}
	if (message != line)
		free(message);
	return size;
}

void ig_log_init(int level)
{
	keep_level = level;
	libbpf_set_print(keep);
}

int ig_log_take(char *to, size_t size)
{
	size_t taken, part;

	if (!size)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	taken = used < size - 1 ? used : size - 1;
	part = taken < LOG_SIZE - first ? taken : LOG_SIZE - first;
	memcpy(to, text + first, part);
	memcpy(to + part, text, taken - part);
	to[taken] = 0;
	first = (first + taken) % LOG_SIZE;
	used -= taken;
	pthread_mutex_unlock(&lock);
	return (int)taken;
}
