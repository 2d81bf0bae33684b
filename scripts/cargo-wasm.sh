#!/bin/sh
# `cargo build --release` for WebAssembly, in the current folder, with whatever Rust this machine has: one with the target
# wasm32-unknown-unknown, or Debian's rustc-web, which has the sources of std instead. More arguments go to cargo.
target=wasm32-unknown-unknown
for std in "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$target/lib"/libstd-*.rlib; do
	[ -e "$std" ] && exec cargo build --release --target $target "$@"
done
for linker in rust-lld wasm-ld-22 wasm-ld-19 wasm-ld; do
	command -v $linker >/dev/null 2>&1 && break
done
export PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
exec cargo build --release --target $target -Zbuild-std=std,panic_abort "$@"
