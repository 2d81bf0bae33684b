# JavaScript examples: dist/examples/js-NAME.wasm from sdk-js/examples/NAME/. What builds them (an engine, a bundler) is large, so it is
# installed only here, for the tests.
SDK_JS := sdk-js/index.js sdk-js/build.mjs sdk-wit/operator.wit sdk-js/node_modules/.package-lock.json

.PHONY: sdk-js-examples
sdk-js-examples: $(patsubst sdk-js/examples/%/index.js,dist/examples/js-%.wasm,$(wildcard sdk-js/examples/*/index.js))
test-fixtures: sdk-js-examples

sdk-js/node_modules/.package-lock.json: sdk-js/package-lock.json
	@echo 'fetching the JavaScript engine for components'
	@cd sdk-js && npm ci --no-progress --loglevel=error --no-audit --no-fund >/dev/null && touch node_modules/.package-lock.json

dist/examples/js-%.wasm: sdk-js/examples/%/index.js sdk-js/examples/%/manifest.json $(SDK_JS) | dist/host/.stamp
	@echo 'building $(@F)'
	@mkdir -p $(@D)
	@node sdk-js/build.mjs $< $@.plain
	@node dist/host/cli/main.js operator manifest $@.plain sdk-js/examples/$*/manifest.json && mv $@.plain $@
