// SPDX-License-Identifier: Apache-2.0
/*
 * Opens files, as fast as it can or at a pace, when told to on stdin. One line of JSON per answer.
 *
 *   storm CPU                          prints {"pid":…}, pinned to CPU (-1: not pinned)
 *   run RATE SECONDS COUNT PATH        openat and close PATH, RATE per second (0: unpaced), until SECONDS have passed or
 *                                      COUNT is reached, or SIGUSR1; prints {"opens":…,"failed":…,"seconds":…,"cpu":…}
 *
 * It ends with its stdin. A pace is kept by spinning, so the traced CPU never sleeps in either mode.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_SECONDS 3600.0
#define LARGEST_COUNT 1000000000UL
/* Opens between two looks at the clock when there is no pace: a look costs a twentieth of an open. */
#define UNPACED_STRIDE 64

static volatile sig_atomic_t cut_short;

static void on_signal(int signal)
{
	(void)signal;
	cut_short = 1;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* CPU time of this process. Less than the time on the clock: others had its CPU. */
static double used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int open_once(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static void run(double rate, double seconds, unsigned long count, const char *path)
{
	double began = now(), at = began, end = began + seconds, used_before = used();
	unsigned long opens = 0, failed = 0;

	while (!cut_short && opens < count && at < end) {
		if (rate > 0) {
			double due = began + (double)opens / rate;

			if (at >= due) {
				failed += open_once(path) < 0;
				opens++;
			}
			at = now();
			continue;
		}
		for (int i = 0; i < UNPACED_STRIDE && opens < count; i++, opens++)
			failed += open_once(path) < 0;
		at = now();
	}
	printf("{\"opens\":%lu,\"failed\":%lu,\"seconds\":%.6f,\"cpu\":%.6f}\n", opens, failed, now() - began,
	       used() - used_before);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int cpu = argc > 1 ? atoi(argv[1]) : -1;
	char line[4400], path[4200];

	if (cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("storm: sched_setaffinity");
			return 1;
		}
	}
	sigaction(SIGUSR1, &action, NULL);
	prctl(PR_SET_NAME, "ig-storm");
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("{\"pid\":%d}\n", getpid());
	while (fgets(line, sizeof(line), stdin)) {
		double rate, seconds;
		unsigned long count;

		if (sscanf(line, "run %lf %lf %lu %4199[^\n]", &rate, &seconds, &count, path) != 4) {
			fprintf(stderr, "storm: cannot read: %s", line);
			return 1;
		}
		if (seconds > LONGEST_SECONDS)
			seconds = LONGEST_SECONDS;
		if (count > LARGEST_COUNT)
			count = LARGEST_COUNT;
		cut_short = 0;
		run(rate, seconds, count, path);
	}
	return 0;
}
