# Operators through the other doors: dist/examples/{c-filter,go-filter,rust-busiest,rust-directory}.wasm. `make test-fixtures` builds those whose
# tools are here; the tests of the others say what this machine lacks. Nothing of this is looked for when something else is built.
test-fixtures: examples
.PHONY: examples

ifneq ($(filter test-fixtures examples dist/examples/%,$(MAKECMDGOALS)),)

WASI_CLANG := $(shell for c in clang-22 clang-19 clang-16 clang-14 clang; do command -v $$c >/dev/null && \
	echo 'int main(void){return 0;}' | $$c --target=wasm32-wasi -x c - -o /dev/null 2>/dev/null && echo $$c && break; done)
GO := $(shell command -v go || { [ -x /usr/local/go/bin/go ] && echo /usr/local/go/bin/go; })
# The first Go with //go:wasmexport is 1.24.
GO_OK := $(shell [ -n '$(GO)' ] && GOTOOLCHAIN=local $(GO) version | awk '{split($$3, v, /go|\./); print (v[2] > 1 || v[3] >= 24) ? "yes" : ""}')
# No network: a toolchain that go.mod does not like must not be fetched.
GO_REACTOR := GOTOOLCHAIN=local GOFLAGS= GOOS=wasip1 GOARCH=wasm $(GO) build -trimpath -ldflags='-s -w' -buildmode=c-shared
# Rust's standard library for WASI, or Debian's sources of it and a C library.
WASIP1_STD := $(wildcard $(shell rustc --print target-libdir --target wasm32-wasip1 2>/dev/null)/libstd-*.rlib)
WASIP1_SRC := $(and $(wildcard /usr/lib/rustlib/src/rust/library/std),$(wildcard /usr/lib/wasm32-wasi/libc.a))

examples: $(if $(WASI_CLANG),dist/examples/c-filter.wasm) $(if $(GO_OK),dist/examples/go-filter.wasm) \
	$(if $(WASIP1_STD)$(WASIP1_SRC),dist/examples/rust-busiest.wasm) dist/examples/rust-directory.wasm

# They say what of WASI they can reach.
test-fixtures: $(if $(WASI_CLANG),dist/fixtures/c-reach.wasm) $(if $(GO_OK),dist/fixtures/go-reach.wasm)
dist/fixtures/c-reach.wasm: test/operator/reach/reach.c test/operator/reach/manifest.json | dist/host/.stamp
	@mkdir -p $(@D)
	@$(WASI_CLANG) --target=wasm32-wasi -mexec-model=reactor -O2 -Wall -Wextra -Werror $< -o $@.plain
	@node dist/host/cli/main.js operator manifest $@.plain test/operator/reach/manifest.json && mv $@.plain $@
dist/fixtures/go-reach.wasm: $(wildcard test/operator/reach/go/*) test/operator/reach/manifest.json | dist/host/.stamp
	@mkdir -p $(@D)
	@cd test/operator/reach/go && $(GO_REACTOR) -o $(abspath $@).plain .
	@node dist/host/cli/main.js operator manifest $@.plain test/operator/reach/manifest.json && mv $@.plain $@

# A component with all of Rust's std. The adapter comes with what builds components in JavaScript.
test-fixtures: $(if $(WASIP1_STD)$(WASIP1_SRC),dist/fixtures/component-reach.wasm)
dist/fixtures/component-reach.wasm: $(wildcard test/operator/reach/component/* test/operator/reach/component/src/*) \
	test/operator/reach/manifest.json sdk-wit/operator.wit scripts/component.mjs sdk-js/node_modules/.package-lock.json | dist/host/.stamp
	@mkdir -p $(@D)
	@cd test/operator/reach/component && CARGO_TARGET_DIR=../../../../$(RUST_DIR) $(WASIP1_CARGO)
	@node scripts/component.mjs $(RUST_DIR)/wasm32-wasip1/release/reach.wasm $@.plain sdk-js/node_modules/@bytecodealliance/jco/lib/wasi_snapshot_preview1.reactor.wasm
	@node dist/host/cli/main.js operator manifest $@.plain test/operator/reach/manifest.json && mv $@.plain $@

dist/examples/c-filter.wasm: examples/c-filter/filter.c examples/c-filter/manifest.json | dist/host/.stamp
	@echo 'building example c-filter'
	@mkdir -p $(@D)
	@$(WASI_CLANG) --target=wasm32-wasi -mexec-model=reactor -O2 -Wall -Wextra -Werror $< -o $@.plain
	@node dist/host/cli/main.js operator manifest $@.plain examples/c-filter/manifest.json && mv $@.plain $@

dist/examples/go-filter.wasm: examples/go-filter/main.go examples/go-filter/go.mod examples/go-filter/manifest.json | dist/host/.stamp
	@echo 'building example go-filter'
	@mkdir -p $(@D)
	@cd examples/go-filter && $(GO_REACTOR) -o $(abspath $@).plain .
	@node dist/host/cli/main.js operator manifest $@.plain examples/go-filter/manifest.json && mv $@.plain $@

ifneq ($(WASIP1_STD),)
WASIP1_CARGO := cargo build --release --quiet --locked --target wasm32-wasip1
else
WASIP1_CARGO := PATH=/usr/bin:$$PATH RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_WASIP1_LINKER=$(RUST_LINKER) \
	RUSTFLAGS='-C link-self-contained=no -L/usr/lib/wasm32-wasi' cargo build --release --quiet --locked -Zbuild-std=std,panic_abort --target wasm32-wasip1
endif
dist/examples/rust-busiest.wasm: $(wildcard examples/rust-wasi/Cargo.* examples/rust-wasi/src/*.rs) $(RUST_SDK)
	@echo 'building example rust-busiest'
	@mkdir -p $(@D)
	@cd examples/rust-wasi && CARGO_TARGET_DIR=../../$(RUST_DIR) $(WASIP1_CARGO)
	@cp $(RUST_DIR)/wasm32-wasip1/release/busiest.wasm $@

# A component.
dist/examples/rust-directory.wasm: $(wildcard examples/rust-component/* examples/rust-component/src/*.rs) sdk-wit/operator.wit scripts/component.mjs
	@echo 'building example rust-directory'
	@mkdir -p $(@D)
	@cd examples/rust-component && CARGO_TARGET_DIR=../../$(RUST_DIR) $(RUST_CARGO)
	@node scripts/component.mjs $(RUST_DIR)/$(RUST_TARGET)/release/directory.wasm $@

endif
