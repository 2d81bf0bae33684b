/** What `ig gadget new` writes: a gadget that builds, runs, and passes its own test. */

const program = (name: string): string => `// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/types.h>

// One record. Its members are the fields that users see; what their types mean is in gadget/types.h.
struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	__u32 length;
	char file[128];
};

// The way to user space, and the data source that comes through it.
GADGET_TRACER_MAP(events, 1 << 20);
GADGET_TRACER(${name}, events, event);

// A constant that the user sets with --min-length, before the programs are loaded.
const volatile __u32 min_length = 0;
GADGET_PARAM(min_length);

SEC("tracepoint/sched/sched_process_exec")
int ${name}_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	// --pid, --uid, --comm and the like: every gadget has them.
	if (gadget_should_discard_data_current())
		return 0;

	struct event *event = gadget_reserve_buf(&events, sizeof(*event));

	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	// The tracepoint has the name's place in the low 16 bits.
	long size = bpf_probe_read_kernel_str(event->file, sizeof(event->file), (void *)ctx + (ctx->__data_loc_filename & 0xffff));

	event->length = size > 0 ? size - 1 : 0;
	if (size <= 0)
		event->file[0] = 0;
	if (event->length < min_length) {
		gadget_discard_buf(event);
		return 0;
	}
	gadget_submit_buf(ctx, &events, event, sizeof(*event));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
`;

const metadata = (name: string): string => `name: ${name}
description: Programs that start
datasources:
  ${name}:
    fields:
      file:
        annotations:
          description: File of the program
          columns.width: 40
      length:
        annotations:
          description: Characters of the file's name
          columns.alignment: right
          columns.maxwidth: 6
params:
  ebpf:
    min_length:
      key: min-length
      description: Show only files with names of at least so many characters
`;

const readme = (name: string): string => `# ${name}

Programs that start, and the files that they are in.

    ig run .                          # as root; builds it first when a source has changed
    ig run . --watch                  # builds and starts it again on each change
    ig run . --min-length 12 -o json
    ig run . --filter 'proc.comm==ls' --explain

    ig gadget validate .              # is gadget.yaml right?
    ./test.sh                         # does it see what it should?
`;

const test = (): string => `#!/bin/sh
# Starts the gadget, starts a program, and looks for it in what the gadget says. Needs root. IG: the command, when ig is not on the path.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
: >"$dir/err"
trap 'rm -rf "$dir"' EXIT
\${IG:-ig} run . -v -o json --min-length 3 >"$dir/out" 2>"$dir/err" &
pid=$!
tries=0
until grep -q 'running\\.\\.\\.' "$dir/err"; do
	tries=$((tries + 1))
	if [ "$tries" -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
		cat "$dir/err" >&2
		echo 'FAIL: it does not run' >&2
		exit 1
	fi
	sleep 0.1
done
env true
kill -INT "$pid"
wait "$pid"
if grep -q '"comm":"true"' "$dir/out"; then
	echo PASS
else
	cat "$dir/out" "$dir/err" >&2
	echo 'FAIL: it did not see env start true' >&2
	exit 1
fi
`;

export interface TemplateFile {
	readonly name: string;
	readonly text: string;
	readonly executable?: boolean;
}

/** `name`: letters, digits and `_`; names of programs and of the data source are made of it. */
export function gadgetTemplate(name: string): TemplateFile[] {
	return [
		{ name: 'program.bpf.c', text: program(name) },
		{ name: 'gadget.yaml', text: metadata(name) },
		{ name: 'README.md', text: readme(name) },
		{ name: 'test.sh', text: test(), executable: true },
		{ name: '.gitignore', text: '*.bpf.o\n.program.bpf.d\n' },
	];
}
