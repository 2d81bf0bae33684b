// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Fills a ring with records of the size that trace_open's have, a few hundred per run (bpf_prog_test_run), without
// tracing anything: for the benchmark of the drain.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

// trace_open's records without paths.
#define RECORD_SIZE 416
#define RECORDS_PER_RUN 250

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} records SEC(".maps");

SEC("raw_tp")
int produce(void *ctx)
{
	for (int n = 0; n < RECORDS_PER_RUN; n++) {
		__u64 *record = bpf_ringbuf_reserve(&records, RECORD_SIZE, 0);

		if (!record)
			return 1;
		record[0] = bpf_ktime_get_boot_ns();
		for (int i = 1; i < RECORD_SIZE / 8; i++)
			record[i] = i;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
