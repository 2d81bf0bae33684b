# AssemblyScript examples: dist/examples/as-NAME.wasm from sdk-as/examples/NAME/. `make sdk-as-examples`.
SDK_AS := sdk-as/index.ts sdk-as/exports.ts sdk-as/transform.mjs sdk-as/asconfig.json $(wildcard sdk-as/assembly/*.ts)
ASC := node node_modules/assemblyscript/bin/asc.js

.PHONY: sdk-as-examples
sdk-as-examples: $(patsubst sdk-as/examples/%/index.ts,dist/examples/as-%.wasm,$(wildcard sdk-as/examples/*/index.ts))

test-fixtures: sdk-as-examples

dist/examples/as-%.wasm: sdk-as/examples/%/index.ts sdk-as/examples/%/manifest.json $(SDK_AS)
	@mkdir -p $(@D)
	@echo 'building $(@F)'
	@$(ASC) $< --config sdk-as/asconfig.json --outFile $@

# An operator for the SDK's own tests.
test-fixtures: dist/fixtures/as-reach.wasm
dist/fixtures/as-reach.wasm: sdk-as/test/reach/index.ts sdk-as/test/reach/manifest.json $(SDK_AS)
	@mkdir -p $(@D)
	@$(ASC) $< --config sdk-as/asconfig.json --outFile $@
