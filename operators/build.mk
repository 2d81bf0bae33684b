# The built-in operators and the SDK's examples, Rust to WebAssembly.
#
# With a toolchain that has std for wasm32-unknown-unknown (`rustup target add wasm32-unknown-unknown`, or a distribution's
# package) this is plain cargo. Debian's rustc-web has the sources of std instead, so std is built along.

RUST_TARGET := wasm32-unknown-unknown
RUST_FLAGS := -C target-feature=+simd128,+bulk-memory
RUST_STD := $(wildcard $(shell rustc --print target-libdir --target $(RUST_TARGET) 2>/dev/null)/libstd-*.rlib)
ifneq ($(RUST_STD),)
RUST_CARGO := cargo rustc --lib --release --quiet --locked --target $(RUST_TARGET)
else
RUST_LINKER := $(or $(shell command -v rust-lld || command -v wasm-ld-22 || command -v wasm-ld-19 || command -v wasm-ld),rust-lld)
RUST_CARGO := PATH=/usr/bin:$$PATH RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(RUST_LINKER) \
	cargo rustc --lib --release --quiet --locked -Zbuild-std=std,panic_abort -Zbuild-std-features= --target $(RUST_TARGET)
endif

# All crates have the same flags and profile, so that std is built once.
# Cargo's own caches live here, never in the source tree.
RUST_DIR := dist/cargo
RUST_SDK := sdk-rust/Cargo.toml $(shell find sdk-rust/src -name '*.rs')
RUST_OPERATORS := operators/Cargo.toml operators/Cargo.lock operators/manifest.json $(shell find operators/src -name '*.rs')
RUST_EXAMPLES := filter enrich aggregate

operators: dist/operators/builtin.wasm
sdk-rust-examples: $(RUST_EXAMPLES:%=dist/examples/rust-%.wasm)
test-fixtures: sdk-rust-examples
.PHONY: operators sdk-rust-examples operators-test operators-bench

# The memory is the host's: it has a maximum.
dist/operators/builtin.wasm: $(RUST_OPERATORS) $(RUST_SDK) operators/build.mk
	@echo 'building operators'
	@mkdir -p $(@D)
	@cd operators && CARGO_TARGET_DIR=../$(RUST_DIR) RUSTFLAGS='$(RUST_FLAGS)' $(RUST_CARGO) -- -C link-arg=--import-memory
	@cp $(RUST_DIR)/$(RUST_TARGET)/release/ig_operators.wasm $@

define rust_example
dist/examples/rust-$(1).wasm: $(wildcard sdk-rust/examples/$(1)/Cargo.* sdk-rust/examples/$(1)/src/*.rs) $(RUST_SDK) operators/build.mk
	@echo 'building example $(1)'
	@mkdir -p $$(@D)
	@cd sdk-rust/examples/$(1) && CARGO_TARGET_DIR=../../../$(RUST_DIR) RUSTFLAGS='$(RUST_FLAGS)' $$(RUST_CARGO)
	@cp $(RUST_DIR)/$(RUST_TARGET)/release/$(1)_example.wasm $$@
endef
$(foreach example,$(RUST_EXAMPLES),$(eval $(call rust_example,$(example))))

# Operators of gadgets: gadgets/NAME/operator, a crate called NAME-operator with - for _.
gadget_operators := $(patsubst gadgets/%/operator/Cargo.toml,dist/gadgets/%/operator.wasm,$(wildcard gadgets/*/operator/Cargo.toml))
gadgets: $(gadget_operators)

define gadget_operator
dist/gadgets/$(1)/operator.wasm: $(wildcard gadgets/$(1)/operator/Cargo.* gadgets/$(1)/operator/src/*.rs) $(RUST_SDK) operators/build.mk
	@echo "building gadget $(1)'s operator"
	@mkdir -p $$(@D)
	@cd gadgets/$(1)/operator && CARGO_TARGET_DIR=../../../$(RUST_DIR) RUSTFLAGS='$(RUST_FLAGS)' $$(RUST_CARGO)
	@cp $(RUST_DIR)/$(RUST_TARGET)/release/$(1)_operator.wasm $$@
endef
$(foreach name,$(gadget_operators:dist/gadgets/%/operator.wasm=%),$(eval $(call gadget_operator,$(name))))

# Unit tests, on this machine's own architecture.
operators-test:
	@cd sdk-rust && CARGO_TARGET_DIR=../$(RUST_DIR)/native cargo test --quiet
	@for example in $(RUST_EXAMPLES); do \
		(cd sdk-rust/examples/$$example && CARGO_TARGET_DIR=../../../$(RUST_DIR)/native cargo test --quiet --locked) || exit 1; done
	@cd operators && CARGO_TARGET_DIR=../$(RUST_DIR)/native cargo test --quiet --locked
	@for gadget in $(gadget_operators:dist/gadgets/%/operator.wasm=%); do \
		(cd gadgets/$$gadget/operator && CARGO_TARGET_DIR=../../../$(RUST_DIR)/native cargo test --quiet --locked) || exit 1; done

operators-bench: dist/operators/builtin.wasm
	@node operators/bench/ops.mjs
