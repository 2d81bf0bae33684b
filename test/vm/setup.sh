#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the VM tests need, on Debian and Ubuntu. Kernels are fetched by the tests (kernels.ts).
set -eu

missing=
need() { # command, package
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need qemu-system-x86_64 qemu-system-x86
need busybox busybox-static
need modprobe kmod
need cpio cpio
need zstd zstd
need xz xz-utils
need dpkg-deb dpkg
# Debian 12 has the C daemon in qemu-system-common, later releases a package of its own.
[ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ] ||
	missing="$missing $(apt-cache show virtiofsd >/dev/null 2>&1 && echo virtiofsd || echo qemu-system-common)"

if [ -z "$missing" ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
	echo "test/vm/setup.sh: please install:$missing" >&2
	exit 1
fi
echo "installing$missing"
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null
