#!/bin/sh
# Looks for what is missing and installs or builds it, saying in a line what it does. Can be repeated at will.
#   run    what `ig run` needs (default)      test   also what the tests need      bench  also the peers to measure against
# IG_SETUP_DRY=1 only says what is missing.
set -u
what=${1:-run}
root=$(cd -P "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
log=dist/setup.log
missing=''

say() { printf '%s\n' "ig: $*" >&2; }
die() {
	say "$*"
	exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
need() { missing="$missing $*"; }

# step TEXT COMMAND...: runs it with its output in the log, and shows the log's end when it fails.
step() {
	say "$1 ..."
	shift
	: >"$log.step"
	# Lines like "building x" are the make files' own progress: shown as they come.
	{
		"$@" 2>&1
		echo $? >"$log.rc"
	} | tee "$log.step" | sed -u -n 's/^\(building\|fetching\|linking\|compiling\|generating\) /ig:   &/p' >&2
	result=$(cat "$log.rc")
	cat "$log.step" >>"$log"
	if [ $result -ne 0 ]; then
		tail -n 60 "$log.step" >&2
		rm -f "$log.step"
		say "failed ($result): $*"
		die "the whole output is in $log; run the same command again once the cause is gone"
	fi
	rm -f "$log.step"
}

family() {
	[ -n "${IG_SETUP_FAMILY:-}" ] && echo "$IG_SETUP_FAMILY" && return
	# shellcheck disable=SC1091
	ids=$([ -r /etc/os-release ] && . /etc/os-release && echo " $ID ${ID_LIKE:-} ")
	case $ids in
	*' debian '* | *' ubuntu '*) echo debian ;;
	*' fedora '* | *' rhel '*) echo fedora ;;
	*' arch '*) echo arch ;;
	*' alpine '*) echo alpine ;;
	*) echo other ;;
	esac
}

node_ok() { has node && node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=11)?0:1)'; }
cc_ok() { has gcc || has clang || has cc; }
bpf_clang() {
	for c in clang clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do has $c && return 0; done
	return 1
}
bpf_strip() {
	for c in llvm-strip llvm-strip-22 llvm-strip-21 llvm-strip-20 llvm-strip-19 llvm-strip-18 llvm-strip-17 llvm-strip-16 llvm-strip-15 llvm-strip-14; do
		has $c && return 0
	done
	return 1
}
# clang's linker for WebAssembly: tests have an operator in plain C.
wasm_ld() {
	for c in wasm-ld wasm-ld-22 wasm-ld-21 wasm-ld-20 wasm-ld-19 wasm-ld-18 wasm-ld-17 wasm-ld-16 wasm-ld-15 wasm-ld-14; do
		has $c && return 0
	done
	return 1
}
# A library that is loaded when it is used.
library() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "[[:space:]]$1[.0-9]* "; }
header() { printf '#include <%s>\n' "$1" | "$(has gcc && echo gcc || echo clang)" -E -x c - >/dev/null 2>&1; }
# A Rust that can build for wasm32-unknown-unknown: any that has the target, or Debian's, which has the sources of std.
rust_ok() {
	has rustc && has cargo && [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/wasm32-unknown-unknown" ] && return 0
	[ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] || return 1
	sysroot=$(/usr/bin/rustc --print sysroot 2>/dev/null) || return 1
	[ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ] && return 0
	[ -d "$sysroot/lib/rustlib/src/rust/library/std" ] && { has rust-lld || has lld-22 || has wasm-ld-22 || has wasm-ld; }
}
# What the tests' operators for WASI are built with: a clang that links for it, and Rust's target, which rustup has or is built from Debian's sources of std.
wasi_clang_version() {
	for v in 22 19 16 14; do
		has "clang-$v" && echo "$v" && return
	done
	clang --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p'
}
wasi_c_ok() {
	for c in "clang-$(wasi_clang_version)" clang; do
		echo 'int main(void){return 0;}' | "$c" --target=wasm32-wasi -x c - -o /dev/null >/dev/null 2>&1 && return 0
	done
	return 1
}
wasi_rust_ok() { [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/wasm32-wasip1" ]; }
apt_has() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

# first PACKAGE...: the first that apt knows, else the first of all.
first() {
	for p in "$@"; do apt_has "$p" && echo "$p" && return; done
	echo "$1"
}

look_debian() {
	if ! node_ok && [ "$(apt-cache policy nodejs 2>/dev/null | sed -n 's/.*Candidate: *\([0-9]*:\)\{0,1\}\([0-9]*\).*/\2/p')" -ge 20 ] 2>/dev/null; then
		need nodejs npm
	fi
	has make || need make
	cc_ok || need gcc libc6-dev
	if ! bpf_clang; then
		clang=$(first clang-19 clang-16 clang-14)
		need "$clang" "llvm-${clang#clang-}"
	elif ! bpf_strip; then
		need llvm
	fi
	[ -e /usr/include/libelf.h ] || need libelf-dev
	[ -e /usr/include/zlib.h ] || need zlib1g-dev
	[ -d /usr/include/linux ] || need linux-libc-dev
	# For --pf.
	library libpcap.so || need "$(first libpcap0.8t64 libpcap0.8)"
	has flock || need util-linux
	if ! rust_ok && apt_has rustc-web; then need rustc-web cargo-web rust-web-src "$(first lld-22 lld-19)"; fi
	if [ "$what" != run ]; then
		wasm_ld || need "$(first lld-19 lld-16 lld-14 lld)"
		wasi_c_ok || need wasi-libc "libclang-rt-$(wasi_clang_version)-dev-wasm32" "lld-$(wasi_clang_version)"
		# libFuzzer, for test/fuzz.
		has clang-19 && [ ! -e "$(clang-19 -print-file-name=libclang_rt.fuzzer-"$(uname -m)".a)" ] && apt_has libclang-rt-19-dev && need libclang-rt-19-dev
		has tmux || need tmux
		has tshark || need tshark
		has busybox || need busybox-static
	fi
	if [ "$what" = bench ]; then
		has opensnoop || [ -x /usr/sbin/opensnoop ] || need libbpf-tools
		has bpftrace || need bpftrace
		has tcpdump || [ -x /usr/sbin/tcpdump ] || need tcpdump
	fi
}

look_other() {
	node_ok && has npm || need node
	has make || need make
	cc_ok || need cc
	{ bpf_clang && bpf_strip; } || need clang
	{ header libelf.h && header zlib.h; } || need headers
	rust_ok || need rust
	[ "$what" = run ] || has tmux || need tmux
}

install_debian() {
	[ -z "$missing" ] && return
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	step "installing$missing (apt)" sh -c 'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" || { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }' sh $missing
}

advise_other() {
	[ -z "$missing" ] && return
	case $1 in
	fedora) install='dnf install nodejs npm make gcc clang llvm elfutils-libelf-devel zlib-devel rust cargo rust-std-static-wasm32-unknown-unknown lld' ;;
	arch) install='pacman -S --needed nodejs npm make gcc clang llvm libelf zlib rust rust-wasm lld' ;;
	alpine) install='apk add nodejs npm make gcc musl-dev linux-headers clang llvm elfutils-dev zlib-dev rust rust-wasm cargo lld util-linux' ;;
	*) install='' ;;
	esac
	[ "$what" = run ] || install="$install tmux"
	say "missing:$missing"
	if [ -n "$install" ]; then
		say "install these packages, then run the same command again:"
		say "  $install"
	else
		say "install Node.js 20.11 or later with npm, make, a C compiler, clang 14 or later with llvm-strip, the headers of libelf and zlib,"
		say "and Rust with the target wasm32-unknown-unknown; then run the same command again"
	fi
	exit 1
}

family=$(family)
if [ "$what" != run ] && ! wasi_rust_ok && has rustup && [ -z "${IG_SETUP_DRY:-}" ]; then
	say 'adding the Rust target wasm32-wasip1 (rustup) ...'
	rustup --quiet target add wasm32-wasip1 >/dev/null 2>&1 || say '  rustup cannot fetch it here'
fi
# Seconds, where rustup can fetch it; the distribution's packages, which build std along, are the other way.
if ! rust_ok && has rustup && [ -z "${IG_SETUP_DRY:-}" ]; then
	say 'adding the Rust target wasm32-unknown-unknown (rustup) ...'
	rustup --quiet target add wasm32-unknown-unknown >/dev/null 2>&1 || say '  rustup cannot fetch it here'
fi

if [ "$family" = debian ]; then
	look_debian
	if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && [ -z "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null)" ]; then
		mkdir -p dist
		[ -n "${IG_SETUP_DRY:-}" ] || step 'reading package lists (apt)' apt-get update
		missing=''
		look_debian # now apt knows what it has
	fi
else
	look_other
fi
if [ -n "${IG_SETUP_DRY:-}" ]; then
	[ "$family" = debian ] || advise_other "$family"
	say "missing:${missing:- nothing}"
	exit 0
fi
if [ "$family" = debian ] && [ -n "$missing" ] && [ "$(id -u)" != 0 ]; then
	die "missing:$missing. Install them, then run the same command again:
  sudo apt-get install -y --no-install-recommends$missing"
fi
# Before anything is installed for nothing.
case "$family: $missing " in
*' nodejs '* | other:* | fedora:* | arch:* | alpine:*) ;;
*) node_ok || die "$(if has node; then echo "node $(node --version) is too old"; else echo 'node is missing'; fi): install Node.js 20.11 or later (nodejs.org/en/download, or \`nvm install 22\`)" ;;
esac
mkdir -p dist 2>/dev/null
[ -w dist ] || die "cannot write to $root/dist; build as the owner of the tree, once, then everyone can run it"
: >>"$log"
if [ "$family" = debian ]; then install_debian; else advise_other "$family"; fi

has npm || die 'npm is missing: it comes with Node.js (Debian: apt-get install npm)'
rust_ok || die 'no Rust for WebAssembly: run `rustup target add wasm32-unknown-unknown` (rustup: rustup.rs), then the same command again'

# From here on one at a time: two launchers must not build into the same dist/.
if [ -z "${IG_SETUP_LOCKED:-}" ] && has flock; then
	IG_SETUP_LOCKED=1 exec flock dist/.lock sh scripts/setup.sh "$what"
fi

# node_modules is fresh when it was made from this very lock file.
if ! cmp -s package-lock.json node_modules/.ig-lock; then
	if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
		step 'installing node modules (npm ci)' npm ci --no-progress --loglevel=error
	fi
	cp package-lock.json node_modules/.ig-lock
fi

# The stamp is from before the build: what changes meanwhile is built the next time.
touch dist/.stamp.new
if make -q >/dev/null 2>&1; then :; else
	step 'building' make --no-print-directory -j"$(nproc 2>/dev/null || echo 2)"
fi
mv dist/.stamp.new dist/.stamp

if [ "$what" != run ] && make -n test-fixtures >/dev/null 2>&1; then step 'building what the tests use' make --no-print-directory test-fixtures; fi
if [ "$what" = test ]; then step 'installing other versions of Node.js' sh test/node/setup.sh; fi
if [ "$what" = test ] && [ "$family" = debian ]; then step 'installing bpftool' sh test/ebpf/setup.sh; fi
if [ "$what" != run ] && [ "$family" = debian ] && [ -e test/vm/setup.sh ]; then step 'preparing virtual machines' sh test/vm/setup.sh; fi
exit 0
