# Hostile operators in Rust and AssemblyScript: dist/hostile/NAME.wasm from rust/NAME.rs and assemblyscript/NAME.ts.
HOSTILE_RUST := $(patsubst test/hostile/rust/%.rs,%,$(wildcard test/hostile/rust/rust-*.rs))
HOSTILE_AS := $(patsubst test/hostile/assemblyscript/%.ts,dist/hostile/%.wasm,$(wildcard test/hostile/assemblyscript/*.ts))

test-fixtures: dist/hostile/.rust $(HOSTILE_AS)

# One call of cargo for all of them.
dist/hostile/.rust: $(wildcard test/hostile/rust/*) $(RUST_SDK) operators/build.mk test/hostile/build.mk
	@echo 'building hostile operators in Rust'
	@mkdir -p $(@D)
	@cd test/hostile/rust && CARGO_TARGET_DIR=../../../$(RUST_DIR) RUSTFLAGS='$(RUST_FLAGS)' $(subst cargo rustc --lib,cargo build --examples,$(RUST_CARGO))
	@for name in $(HOSTILE_RUST); do cp $(RUST_DIR)/$(RUST_TARGET)/release/examples/$$(echo $$name | tr - _).wasm $(@D)/$$name.wasm || exit 1; done
	@touch $@

dist/hostile/as-%.wasm: test/hostile/assemblyscript/as-%.ts $(SDK_AS) test/hostile/build.mk
	@echo 'building $(@F)'
	@mkdir -p $(@D)
	@$(ASC) $< --config sdk-as/asconfig.json --outFile $@
