/* SPDX-License-Identifier: Apache-2.0 */
/* What a storm does again and again. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

/* Long enough for a path. */
#define TARGET_SIZE 4200

struct work {
	const char *name;
	/* Gets ready for a target; ends what the last one left. Exits with a message when that fails. */
	void (*begin)(const char *target);
	/* Once. Less than 0 when it failed. */
	int (*once)(void);
	/* Times that it may be done between two looks at the clock, when there is no pace: a look costs some tens of ns. */
	int stride;
};

/* NULL: there is none of this name. */
const struct work *find_work(const char *name);

#endif
