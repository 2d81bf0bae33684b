// SPDX-License-Identifier: Apache-2.0
/*
 * Another body for a function of a program: packet filters that the user writes (GADGET_PF) are known only when it is loaded.
 *
 * libbpf lets a program's instructions be changed in one place, just before it is loaded. Functions must stay where they are,
 * since calls and the debugging information say where: so the new body goes to the end, and the old one calls it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdlib.h>
#include "internal.h"

/* A waiting replacement, and what the kernel is told about the program's functions and lines after it. */
struct splice {
	struct splice *next;
	const struct bpf_program *program;
	uint32_t type; /* the function, in the object's BTF */
	struct bpf_func_info *functions;
	struct bpf_line_info *lines;
	uint32_t count;
	struct bpf_insn body[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct splice *waiting;

static const struct bpf_insn CALL = { .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL };
static const struct bpf_insn RETURN = { .code = BPF_JMP | BPF_EXIT };
static const struct bpf_insn NOTHING = { .code = BPF_JMP | BPF_JA };

/* The array with one more element. */
static void *longer(const void *from, uint32_t count, size_t size)
{
	uint8_t *copy = calloc(count + 1, size);

	if (copy)
		memcpy(copy, from, count * size);
	return copy;
}

static int put_body(struct bpf_program *program, uint32_t start, uint32_t end, const struct splice *splice)
{
	const uint32_t old = (uint32_t)bpf_program__insn_cnt(program);
	struct bpf_insn *all;
	int error;

	if (end > old || start + 2 > end)
		return -EINVAL;
	all = calloc(old + splice->count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, bpf_program__insns(program), old * sizeof(*all));
	memcpy(all + old, splice->body, splice->count * sizeof(*all));
	/* Every instruction must be reachable. */
	for (uint32_t i = start; i < end - 2; i++)
		all[i] = NOTHING;
	all[end - 2] = CALL;
	all[end - 2].imm = (int32_t)(old - (end - 1));
	all[end - 1] = RETURN;
	error = bpf_program__set_insns(program, all, old + splice->count);
	free(all);
	return error;
}

static int apply(struct bpf_program *program, struct bpf_prog_load_opts *options, struct splice *splice)
{
	const struct bpf_func_info *functions = options->func_info;
	const struct bpf_line_info *lines = options->line_info;
	const uint32_t count = options->func_info_cnt, end = (uint32_t)bpf_program__insn_cnt(program);
	uint32_t at = 0;
	int error;

	if (!functions || options->func_info_rec_size != sizeof(*functions) ||
	    (lines && options->line_info_rec_size != sizeof(*lines)))
		return -EOPNOTSUPP;
	while (at < count && functions[at].type_id != splice->type)
		at++;
	/* Not called by this program. */
	if (at == count)
		return 0;
	error = put_body(program, functions[at].insn_off, at + 1 < count ? functions[at + 1].insn_off : end, splice);
	if (error)
		return error;
	splice->functions = longer(functions, count, sizeof(*functions));
	if (!splice->functions)
		return -ENOMEM;
	splice->functions[count] = (struct bpf_func_info){ .insn_off = end, .type_id = splice->type };
	options->func_info = splice->functions;
	options->func_info_cnt = count + 1;
	if (!lines || !options->line_info_cnt)
		return 0;
	splice->lines = longer(lines, options->line_info_cnt, sizeof(*lines));
	if (!splice->lines)
		return -ENOMEM;
	/* Every function needs the line that it begins with. */
	for (uint32_t i = 0; i < options->line_info_cnt; i++) {
		if (lines[i].insn_off == functions[at].insn_off)
			splice->lines[options->line_info_cnt] = lines[i];
	}
	splice->lines[options->line_info_cnt].insn_off = end;
	options->line_info = splice->lines;
	options->line_info_cnt++;
	return 0;
}

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	int error = 0;

	(void)cookie;
	pthread_mutex_lock(&lock);
	for (struct splice *splice = waiting; splice && !error; splice = splice->next) {
		if (splice->program == program)
			error = apply(program, options, splice);
	}
	pthread_mutex_unlock(&lock);
	return error;
}

static void take_part(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = prepare);

	libbpf_register_prog_handler("classifier+", BPF_PROG_TYPE_SCHED_CLS, 0, &options);
}

void ig_splice_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, take_part);
}

int ig_program_splice(const struct bpf_program *program, uint32_t function, const void *body, uint32_t count)
{
	struct splice *splice = malloc(sizeof(*splice) + count * sizeof(struct bpf_insn));

	if (!splice)
		return -ENOMEM;
	*splice = (struct splice){ .program = program, .type = function, .count = count };
	memcpy(splice->body, body, count * sizeof(struct bpf_insn));
	pthread_mutex_lock(&lock);
	splice->next = waiting;
	waiting = splice;
	pthread_mutex_unlock(&lock);
	return 0;
}

void ig_splice_forget(const struct bpf_program *program)
{
	pthread_mutex_lock(&lock);
	for (struct splice **at = &waiting; *at;) {
		struct splice *splice = *at;

		if (splice->program != program) {
			at = &splice->next;
			continue;
		}
		*at = splice->next;
		free(splice->functions);
		free(splice->lines);
		free(splice);
	}
	pthread_mutex_unlock(&lock);
}
