# Operators without an SDK, written from docs/operator-abi.md: dist/contract/{keeper,totals}.wasm, one in C and one in WebAssembly text.
CONTRACT_CLANG := $(firstword $(foreach clang,clang $(foreach v,22 21 20 19 18 17 16 15 14,clang-$(v)),$(shell command -v $(clang))))
# clang looks for `wasm-ld` beside itself; a versioned one has to be named.
CONTRACT_LD := $(firstword $(foreach ld,wasm-ld $(foreach v,22 21 20 19 18 17 16 15 14,wasm-ld-$(v)),$(shell command -v $(ld))))

test-fixtures: dist/contract/keeper.wasm dist/contract/totals.wasm

dist/contract/keeper.wasm: test/contract/keeper.c test/contract/keeper.json test/contract/build.mk | dist/host/.stamp
	@mkdir -p $(@D)
	@$(CONTRACT_CLANG) --target=wasm32 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin-memcpy -nostdlib -c $< -o $@.o
	@$(CONTRACT_LD) --no-entry --export-memory $@.o -o $@.plain
	@node dist/host/cli/main.js operator manifest $@.plain test/contract/keeper.json && mv $@.plain $@ && rm $@.o

dist/contract/totals.wasm: test/contract/totals.wat test/contract/totals.json test/contract/wat.mjs test/contract/build.mk | dist/host/.stamp
	@mkdir -p $(@D)
	@node test/contract/wat.mjs $< $@.plain
	@node dist/host/cli/main.js operator manifest $@.plain test/contract/totals.json && mv $@.plain $@
