#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes a vmlinux.h from a kernel image (vmlinuz, or an ELF vmlinux with .BTF).
#
#   bpf/tools/make-vmlinux.sh IMAGE > bpf/include/vmlinux/x86_64/vmlinux.h
#
# The header in the repository comes from Debian's 6.12 cloud kernel: a kernel that is built with
# every subsystem that gadgets look at, unlike the one that happens to run on a build machine.
set -eu

image=${1:?usage: make-vmlinux.sh IMAGE}
bpftool=${BPFTOOL:-bpftool}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A vmlinuz is a small loader with the compressed ELF appended: look for the compressor's magic. The
# magic also occurs by chance, and what follows the stream is not part of it, so the unpacker's exit
# code says nothing; that BTF comes out does.
unpack() { # magic (a PCRE), command
	for offset in $(LC_ALL=C grep -obUaP "$1" "$image" | cut -d: -f1); do
		tail -c "+$((offset + 1))" "$image" | $2 >"$work/vmlinux" 2>/dev/null || true
		is_kernel && return 0
	done
	return 1
}

is_kernel() {
	LC_ALL=C head -c 4 "$work/vmlinux" | grep -qaP '^\x7fELF' &&
		"$bpftool" btf dump file "$work/vmlinux" format c >"$work/vmlinux.h" 2>/dev/null &&
		[ -s "$work/vmlinux.h" ]
}

cp "$image" "$work/vmlinux"
is_kernel ||
	unpack '\x28\xb5\x2f\xfd' 'zstd -dc' ||
	unpack '\xfd7zXZ\x00' 'xz -dc --single-stream' ||
	unpack '\x02\x21\x4c\x18' 'lz4 -dc' ||
	unpack '\x1f\x8b\x08' 'gzip -dc' || {
	echo "make-vmlinux.sh: no ELF with .BTF in $image" >&2
	exit 1
}
version=$(LC_ALL=C grep -aoP 'Linux version \K[^ ]+' "$work/vmlinux" | head -1)
echo "/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */"
echo "/* Types of Linux ${version:-unknown}, written by bpf/tools/make-vmlinux.sh from the kernel's BTF. */"
cat "$work/vmlinux.h"
