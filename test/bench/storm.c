// SPDX-License-Identifier: Apache-2.0
/*
 * Does one thing (work.c), as fast as it can or at a pace, when told to on stdin. One line of JSON per answer.
 *
 *   storm CPU [WORK]                   prints {"pid":…}, pinned to CPU (-1: not pinned); WORK: open, else one of work.c
 *   run RATE SECONDS COUNT TARGET      RATE times per second (0: unpaced), until SECONDS have passed or COUNT is reached,
 *                                      or SIGUSR1; prints {"done":…,"failed":…,"seconds":…,"cpu":…}
 *
 * It ends with its stdin. A pace is kept by spinning, so the traced CPU never sleeps in either mode.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

#define LONGEST_SECONDS 3600.0
#define LARGEST_COUNT 1000000000UL

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

/* CPU time of this process and of those that it ran. Less than the time on the clock: others had its CPU. */
static double used(void)
{
	struct timespec time;
	struct rusage children;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9 + (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) +
	       (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e-6;
}

static void run(const struct work *work, double rate, double seconds, unsigned long count)
{
	double began = now(), at = began, end = began + seconds, used_before = used();
	unsigned long done = 0, failed = 0;

	while (!cut_short && done < count && at < end) {
		if (rate > 0) {
			double due = began + (double)done / rate;

			if (at >= due) {
				failed += work->once() < 0;
				done++;
			}
			at = now();
			continue;
		}
		for (int i = 0; i < work->stride && done < count; i++, done++)
			failed += work->once() < 0;
		at = now();
	}
	printf("{\"done\":%lu,\"failed\":%lu,\"seconds\":%.6f,\"cpu\":%.6f}\n", done, failed, now() - began,
	       used() - used_before);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int cpu = argc > 1 ? atoi(argv[1]) : -1;
	const struct work *work = find_work(argc > 2 ? argv[2] : "open");
	char line[TARGET_SIZE + 200], target[TARGET_SIZE];

	if (!work) {
		fprintf(stderr, "storm: no such work: %s\n", argv[2]);
		return 1;
	}

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

		if (sscanf(line, "run %lf %lf %lu %4199[^\n]", &rate, &seconds, &count, target) != 4) {
			fprintf(stderr, "storm: cannot read: %s", line);
			return 1;
		}
		if (seconds > LONGEST_SECONDS)
			seconds = LONGEST_SECONDS;
		if (count > LARGEST_COUNT)
			count = LARGEST_COUNT;
		cut_short = 0;
		work->begin(target);
		run(work, rate, seconds, count);
	}
	return 0;
}
