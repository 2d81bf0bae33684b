// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command as a reader to be measured, and says on stdout, one line of JSON each, what it sees and was asked.
 * Times are in microseconds since just before the fork.
 *
 *   measure [-c CPU] [-o STDOUT] [-e STDERR] [-w FILE TEXT] [-r TEXT] -- COMMAND...
 *     -c  pin the command to this CPU             -o, -e  files for its output
 *     -w  tell when TEXT first is in FILE: {"first":…}    -r  tell when TEXT first is on its stderr: {"ready":…}
 *   first: {"pid":…}
 *   on stdin: `sample` → {"sample":…,"cpu":…}: CPU time of the whole tree so far; `stop` → SIGINT to it; the end of stdin
 *   kills it. Last: {"end":…,"status":…,"user":…,"system":…,"rss":KB}, where rss is the largest of its processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often the watched file is looked at, until TEXT is in it. */
#define WATCH_MS 1

struct options {
	int cpu;
	const char *out, *err, *watched, *text, *ready;
	char **command;
};

/* Looks for a text in a stream that comes in pieces. */
struct finder {
	const char *text;
	char tail[256];
	size_t kept;
	int found;
};

static struct timespec began;

static void fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

static long elapsed(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (time.tv_sec - began.tv_sec) * 1000000L + (time.tv_nsec - began.tv_nsec) / 1000;
}

static long micros(struct timeval time)
{
	return time.tv_sec * 1000000L + time.tv_usec;
}

static int find(struct finder *finder, const char *piece, size_t size)
{
	char joined[256 + 65536];
	size_t length = strlen(finder->text), all = finder->kept + size;

	memcpy(joined, finder->tail, finder->kept);
	memcpy(joined + finder->kept, piece, size);
	if (memmem(joined, all, finder->text, length)) {
		finder->found = 1;
		return 1;
	}
	finder->kept = all < length - 1 ? all : length - 1;
	memcpy(finder->tail, joined + all - finder->kept, finder->kept);
	return 0;
}

/* CPU time of a process and all its living descendants, microseconds. What ended descendants used is in their parents' rusage. */
static long tree_cpu(pid_t pid)
{
	struct timespec time = {};
	clockid_t clock;
	char path[64], line[4096];
	long sum = 0;
	FILE *file;

	if (!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &time))
		sum = time.tv_sec * 1000000L + time.tv_nsec / 1000;
	/* Children are listed under the thread that forked them; readers fork from their first. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	if (!file)
		return sum;
	if (fgets(line, sizeof(line), file))
		for (char *save, *child = strtok_r(line, " ", &save); child; child = strtok_r(NULL, " ", &save))
			sum += tree_cpu(atoi(child));
	fclose(file);
	return sum;
}

static int redirect(const char *path, int fd)
{
	int to = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (to < 0)
		fail(path ? path : "/dev/null");
	if (fd >= 0 && dup2(to, fd) < 0)
		fail("dup2");
	return to;
}

static pid_t start(const struct options *options, int error_pipe)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0)
		fail("fork");
	if (pid > 0) {
		setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (options->cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(options->cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	redirect(options->out, 1);
	dup2(error_pipe, 2);
	execvp(options->command[0], options->command);
	fail(options->command[0]);
	return -1;
}

static struct options parse(int argc, char **argv)
{
	struct options options = { .cpu = -1 };
	int i = 1;

	for (; i + 1 < argc && strcmp(argv[i], "--"); i++) {
		char flag = argv[i][0] == '-' ? argv[i][1] : 0;

		if (flag == 'c')
			options.cpu = atoi(argv[++i]);
		else if (flag == 'o')
			options.out = argv[++i];
		else if (flag == 'e')
			options.err = argv[++i];
		else if (flag == 'r')
			options.ready = argv[++i];
		else if (flag == 'w' && i + 2 < argc) {
			options.watched = argv[++i];
			options.text = argv[++i];
		} else
			break;
	}
	if (i + 1 >= argc || strcmp(argv[i], "--")) {
		fprintf(stderr, "usage: measure [-c CPU] [-o STDOUT] [-e STDERR] [-w FILE TEXT] [-r TEXT] -- COMMAND...\n");
		exit(125);
	}
	options.command = argv + i + 1;
	return options;
}

/* Reads what is new in the watched file. */
static void watch(int *fd, const char *path, struct finder *finder)
{
	static char piece[65536];
	ssize_t size;

	if (*fd < 0)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	while (*fd >= 0 && (size = read(*fd, piece, sizeof(piece))) > 0) {
		if (find(finder, piece, (size_t)size)) {
			printf("{\"first\":%ld}\n", elapsed());
			return;
		}
	}
}

/* Takes commands; 0 at the end of stdin. */
static int obey(pid_t pid)
{
	static char line[256];
	static size_t kept;
	ssize_t size = read(0, line + kept, sizeof(line) - 1 - kept);
	char *end;

	if (size <= 0)
		return 0;
	kept += (size_t)size;
	line[kept] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		if (!strcmp(line, "sample"))
			printf("{\"sample\":%ld,\"cpu\":%ld}\n", elapsed(), tree_cpu(pid));
		else if (!strcmp(line, "stop"))
			kill(-pid, SIGINT);
		kept -= (size_t)(end + 1 - line);
		memmove(line, end + 1, kept + 1);
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct finder first = { .text = options.text }, ready = { .text = options.ready };
	struct rusage usage, total = {};
	int error_pipe[2], error_file, file = -1, status = 0, code = 0, alive = 1, listening = 1;
	static char piece[65536];
	sigset_t signals;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(error_pipe, O_CLOEXEC))
		fail("pipe");
	error_file = redirect(options.err, -1);
	clock_gettime(CLOCK_MONOTONIC, &began);
	pid = start(&options, error_pipe[1]);
	printf("{\"pid\":%d}\n", pid);
	close(error_pipe[1]);

	struct pollfd fds[] = {
		{ .fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), .events = POLLIN },
		{ .fd = error_pipe[0], .events = POLLIN },
		{ .fd = 0, .events = POLLIN },
	};
	while (alive) {
		poll(fds, 3, options.watched && !first.found ? WATCH_MS : -1);
		if (options.watched && !first.found)
			watch(&file, options.watched, &first);
		if (fds[1].revents) {
			ssize_t size = read(fds[1].fd, piece, sizeof(piece));

			if (size <= 0)
				fds[1].fd = -1;
			else if (write(error_file, piece, (size_t)size) < 0)
				fail("write");
			else if (options.ready && !ready.found && find(&ready, piece, (size_t)size))
				printf("{\"ready\":%ld}\n", elapsed());
		}
		if (listening && fds[2].revents && !obey(pid)) {
			kill(-pid, SIGKILL);
			fds[2].fd = -1;
			listening = 0;
		}
		if (fds[0].revents) {
			struct signalfd_siginfo info;
			pid_t ended;

			while (read(fds[0].fd, &info, sizeof(info)) > 0)
				;
			while ((ended = wait4(-1, &status, WNOHANG, &usage)) > 0) {
				if (ended == pid) {
					code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
					kill(-pid, SIGKILL);
				}
				timeradd(&total.ru_utime, &usage.ru_utime, &total.ru_utime);
				timeradd(&total.ru_stime, &usage.ru_stime, &total.ru_stime);
				if (usage.ru_maxrss > total.ru_maxrss)
					total.ru_maxrss = usage.ru_maxrss;
			}
			if (ended < 0)
				alive = 0;
		}
	}
	long end = elapsed();
	ssize_t size;

	while (fds[1].fd >= 0 && (size = read(fds[1].fd, piece, sizeof(piece))) > 0)
		if (write(error_file, piece, (size_t)size) < 0)
			break;
	printf("{\"end\":%ld,\"status\":%d,\"user\":%ld,\"system\":%ld,\"rss\":%ld}\n", end, code, micros(total.ru_utime),
	       micros(total.ru_stime), total.ru_maxrss);
	return 0;
}
