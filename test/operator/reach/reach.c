/* Says what it can reach of the world by WASI: a line for each thing that it tries. main.go tries the same. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

#define EXPORT(name) __attribute__((export_name(#name)))

EXPORT(ig_abi_v1) void ig_abi_v1(void) {}

EXPORT(ig_alloc) void *ig_alloc(uint32_t size)
{
	return aligned_alloc(16, (size + 15) & ~15u);
}

static void say(const char *what, int failed)
{
	printf("%s: %s\n", what, failed ? strerror(errno) : "done");
}

static void read_file(const char *path)
{
	char text[64];
	const int fd = open(path, O_RDONLY);

	if (fd < 0) {
		printf("read %s: %s\n", path, strerror(errno));
		return;
	}
	lseek(fd, -6, SEEK_END);
	const ssize_t size = read(fd, text, sizeof text);
	printf("read %s: %.*s\n", path, (int)(size < 0 ? 0 : size), text);
	close(fd);
}

static void arguments(void)
{
	char *argv[8], buffer[256];
	size_t count, size;

	if (__wasi_args_sizes_get(&count, &size) || count > 8 || size > sizeof buffer || __wasi_args_get((uint8_t **)argv, (uint8_t *)buffer))
		return;
	printf("arguments:");
	for (size_t i = 0; i < count; i++)
		printf(" %s", argv[i]);
	printf("\n");
}

static void list(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	printf("list %s:", path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			printf(" %s", entry->d_name);
	printf(dir ? "\n" : " %s\n", strerror(errno));
	if (dir)
		closedir(dir);
}

EXPORT(ig_init) int32_t ig_init(int32_t op, const uint8_t *table, uint32_t size)
{
	struct stat stats;
	const char *word = getenv("IG_WORD"), *home = getenv("HOME");

	(void)op, (void)table, (void)size;
	arguments();
	printf("IG_WORD: %s\n", word ? word : "none");
	printf("HOME: %s\n", home ? home : "none");
	read_file("/words");
	list("/data");
	read_file("/data/inner/word");
	read_file("/data/inside");
	read_file("/data/outside");
	read_file("/data/absolute");
	read_file("/data/../../words");
	read_file("/etc/passwd");
	say("write", open("/words", O_RDWR) < 0);
	say("truncate", open("/words", O_RDONLY | O_TRUNC) < 0);
	say("create", open("/data/new", O_RDONLY | O_CREAT, 0600) < 0);
	say("rename", rename("/words", "/data/words"));
	say("unlink", unlink("/words"));
	say("mkdir", mkdir("/data/new", 0700));
	say("link", symlink("/etc/passwd", "/data/new"));
	printf("size: %d\n", stat("/words", &stats) ? -1 : (int)stats.st_size);
	return 0;
}

EXPORT(ig_batch) int32_t ig_batch(int32_t op, uint8_t *batch)
{
	(void)op, (void)batch;
	return 0;
}
