#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests of BTF need, on Debian and Ubuntu.
set -eu

command -v bpftool >/dev/null 2>&1 && exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo 'test/ebpf/setup.sh: please install: bpftool' >&2
	exit 1
fi
# Ubuntu has it in linux-tools.
package=$(apt-cache show bpftool >/dev/null 2>&1 && echo bpftool || echo linux-tools-common)
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$package" >/dev/null
