// SPDX-License-Identifier: Apache-2.0
/*
 * The honest peer: a reader of our own trace_open object as one writes it in C, with libbpf's ring_buffer and printf.
 * It writes the same JSON lines as `ig run trace_open -o json`: the same fields in the same order, names for the
 * error, the flags, the user and the group, and the time as RFC 3339.
 *
 *   creader OBJECT PID      lines to stdout, for events of PID (0: all); SIGINT ends it
 *
 * Only what strangers can influence is escaped (names); a user's name is looked up once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* As long as the pipeline of ig lets records lie. */
#define POLL_MS 10
#define OUTPUT_BUFFER (256 << 10)

struct user_stack {
	uint32_t major, minor;
	uint64_t inode, mtime_sec;
	uint32_t mtime_nsec, base_addr_hash, stack_id, tgid_level0, pid_level0, pidns_level0, pid_level1, pidns_level1;
	uint64_t otel_correlation_id, boot_timestamp;
};

/* struct event of gadgets/trace_open/program.bpf.c. */
struct event {
	uint64_t timestamp;
	char comm[16];
	uint32_t pid, tid;
	uint64_t mntns_id;
	uint32_t uid, gid;
	char parent_comm[16];
	uint32_t parent_pid, parent_tid;
	uint32_t error, fd, flags, mode;
	struct user_stack ustack;
	char fname[255];
	char fpath[512];
};

static volatile sig_atomic_t stopping;
static int64_t boot_offset;

static void on_signal(int signal)
{
	(void)signal;
	stopping = 1;
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* A string as JSON has it. Bytes that are not ASCII go out as they are: well-formed names stay well-formed. */
static const char *escaped(const char *from, size_t size, char *to)
{
	char *start = to;

	for (size_t i = 0; i < size && from[i]; i++) {
		unsigned char byte = (unsigned char)from[i];

		if (byte == '"' || byte == '\\') {
			*to++ = '\\';
			*to++ = (char)byte;
		} else if (byte < 0x20) {
			to += sprintf(to, "\\u%04x", byte);
		} else {
			*to++ = (char)byte;
		}
	}
	*to = 0;
	return start;
}

static const char *flag_names(uint32_t flags, char *to)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "3" };
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ O_CREAT, "O_CREAT" },	    { O_EXCL, "O_EXCL" },	{ O_NOCTTY, "O_NOCTTY" },     { O_TRUNC, "O_TRUNC" },
		{ O_APPEND, "O_APPEND" },   { O_NONBLOCK, "O_NONBLOCK" }, { O_DSYNC, "O_DSYNC" },     { O_ASYNC, "FASYNC" },
		{ O_DIRECT, "O_DIRECT" },   { 0100000, "O_LARGEFILE" }, { O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" },
		{ O_NOATIME, "O_NOATIME" }, { O_CLOEXEC, "O_CLOEXEC" },
	};
	char *end = stpcpy(to, access[flags & O_ACCMODE]);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			end = stpcpy(stpcpy(end, "|"), names[i].name);
	return to;
}

static const char *mode_text(uint32_t mode, char *to)
{
	static const char letters[] = "rwxrwxrwx";

	to[0] = '-';
	for (int i = 0; i < 9; i++)
		to[1 + i] = mode & (0400u >> i) ? letters[i] : '-';
	to[10] = 0;
	return to;
}

/* The last answer is kept: one storm has one user. */
static const char *user_name(uint32_t uid)
{
	static char name[256];
	static uint32_t last;

	if (!name[0] || last != uid) {
		struct passwd *entry = getpwuid(uid);

		entry ? snprintf(name, sizeof(name), "%s", entry->pw_name) : snprintf(name, sizeof(name), "uid:%u", uid);
		last = uid;
	}
	return name;
}

static const char *group_name(uint32_t gid)
{
	static char name[256];
	static uint32_t last;

	if (!name[0] || last != gid) {
		struct group *entry = getgrgid(gid);

		entry ? snprintf(name, sizeof(name), "%s", entry->gr_name) : snprintf(name, sizeof(name), "gid:%u", gid);
		last = gid;
	}
	return name;
}

/* Date and time of the second are formatted once per second of events. */
static const char *second_text(int64_t second)
{
	static char text[32];
	static int64_t last = -1;

	if (second != last) {
		time_t time = second;
		struct tm parts;

		gmtime_r(&time, &parts);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
		last = second;
	}
	return text;
}

static int on_event(void *context, void *data, size_t size)
{
	const struct event *event = data;
	const struct user_stack *stack = &event->ustack;
	char fname[6 * 255 + 1], fpath[6 * 512 + 1], comm[97], parent_comm[97], flags[256], mode[16];
	int64_t wall = (int64_t)event->timestamp + boot_offset;
	size_t path_size = size > offsetof(struct event, fpath) ? size - offsetof(struct event, fpath) : 0;

	(void)context;
	if (path_size > sizeof(event->fpath))
		path_size = sizeof(event->fpath);
	printf("{\"error\":\"%s\",\"error_raw\":%u,\"fd\":%u,\"flags\":\"%s\",\"flags_raw\":%u,\"fname\":\"%s\",\"fpath\":\"%s\","
	       "\"k8s\":{\"containerName\":\"\",\"hostnetwork\":false,\"namespace\":\"\",\"node\":\"\",\"owner\":{\"kind\":\"\",\"name\":\"\"},"
	       "\"podLabels\":\"\",\"podName\":\"\"},\"mode\":\"%s\",\"mode_raw\":%u,"
	       "\"proc\":{\"comm\":\"%s\",\"creds\":{\"gid\":%u,\"group\":\"%s\",\"uid\":%u,\"user\":\"%s\"},\"mntns_id\":%lu,"
	       "\"parent\":{\"comm\":\"%s\",\"pid\":%u,\"tid\":%u},\"pid\":%u,\"tid\":%u},"
	       "\"runtime\":{\"containerId\":\"\",\"containerImageDigest\":\"\",\"containerImageName\":\"\",\"containerName\":\"\","
	       "\"containerPid\":0,\"containerStartedAt\":0,\"runtimeName\":\"\"},\"timestamp\":\"%s.%09ldZ\",\"timestamp_raw\":%lu,"
	       "\"ustack\":{\"addresses\":\"\",\"base_addr_hash\":%u,\"boot_timestamp\":%lu,\"buildid\":\"\",\"inode\":%lu,\"major\":%u,"
	       "\"minor\":%u,\"mtime_nsec\":%u,\"mtime_sec\":%lu,\"otel_correlation_id\":%lu,\"pid_level0\":%u,\"pid_level1\":%u,"
	       "\"pidns_level0\":%u,\"pidns_level1\":%u,\"stack_id\":%u,\"symbols\":\"\",\"tgid_level0\":%u}}\n",
	       event->error ? strerrorname_np((int)event->error) ?: "" : "", event->error, event->fd, flag_names(event->flags, flags),
	       event->flags, escaped(event->fname, sizeof(event->fname), fname), escaped(event->fpath, path_size, fpath),
	       mode_text(event->mode, mode), event->mode, escaped(event->comm, sizeof(event->comm), comm), event->gid,
	       group_name(event->gid), event->uid, user_name(event->uid), event->mntns_id,
	       escaped(event->parent_comm, sizeof(event->parent_comm), parent_comm), event->parent_pid, event->parent_tid, event->pid,
	       event->tid, second_text(wall / 1000000000), (long)(wall % 1000000000), (uint64_t)wall, stack->base_addr_hash,
	       stack->boot_timestamp, stack->inode, stack->major, stack->minor, stack->mtime_nsec, stack->mtime_sec,
	       stack->otel_correlation_id, stack->pid_level0, stack->pid_level1, stack->pidns_level0, stack->pidns_level1,
	       stack->stack_id, stack->tgid_level0);
	return 0;
}

/* Sets a u32 in the object's .rodata. */
static int set_constant(struct bpf_object *object, const char *name, uint32_t value)
{
	struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	size_t size = 0;
	char *bytes = map ? bpf_map__initial_value(map, &size) : NULL;
	const struct btf_type *type = section > 0 ? btf__type_by_id(btf, (uint32_t)section) : NULL;

	for (int i = 0; type && bytes && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *entry = btf_var_secinfos(type) + i;
		const struct btf_type *variable = btf__type_by_id(btf, entry->type);

		if (!strcmp(btf__name_by_offset(btf, variable->name_off), name) && entry->offset + sizeof(value) <= size) {
			memcpy(bytes + entry->offset, &value, sizeof(value));
			return 0;
		}
	}
	return -ENOENT;
}

/* Of several ways of hooking the one at the exit alone, which is what ig takes on a kernel that has it. */
static void leave_out_pairs(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);
		size_t length = strlen(name);

		if (length > 2 && (!strcmp(name + length - 2, "_e") || !strcmp(name + length - 2, "_x")))
			bpf_program__set_autoload(program, false);
	}
}

static uint64_t lost_records(struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "events_lost_samples");
	int cpus = libbpf_num_possible_cpus();
	uint64_t counts[cpus > 0 ? cpus : 1], sum = 0;
	uint32_t key = 0;

	if (!map || cpus < 1 || bpf_map__lookup_elem(map, &key, sizeof(key), counts, sizeof(counts), 0))
		return 0;
	for (int i = 0; i < cpus; i++)
		sum += counts[i];
	return sum;
}

static int fail(const char *what)
{
	fprintf(stderr, "creader: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct bpf_object *object;
	struct bpf_program *program;
	struct ring_buffer *ring;

	if (argc != 3) {
		fprintf(stderr, "usage: creader OBJECT PID\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return fail(argv[1]);
	leave_out_pairs(object);
	if (set_constant(object, "targ_pid", (uint32_t)atoi(argv[2])))
		return fail("targ_pid");
	if (bpf_object__load(object))
		return fail("load");
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), on_event, NULL, NULL);
	if (!ring)
		return fail("ring");
	bpf_object__for_each_program(program, object)
		if (bpf_program__autoload(program) && !bpf_program__attach(program))
			return fail(bpf_program__name(program));
	boot_offset = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	while (!stopping) {
		int polled = ring_buffer__poll(ring, POLL_MS);

		/* Records below the watermark come without a wake-up. */
		if ((polled < 0 && polled != -EINTR) || ring_buffer__consume(ring) < 0)
			return fail("poll");
		/* Nothing more at the moment: what there is goes out, as ig's does. */
		if (polled == 0)
			fflush(stdout);
	}
	ring_buffer__consume(ring);
	fflush(stdout);
	fprintf(stderr, "lost %lu\n", lost_records(object));
	bpf_object__close(object);
	return 0;
}
