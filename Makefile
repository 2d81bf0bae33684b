# What the launcher runs when something is stale. `make` builds all that `./ig run` needs; dist/ holds it.
# Each area has its own fragment; everything lands in dist/.
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:

NPROC := $(shell nproc 2>/dev/null || echo 2)

all: native host framework gadgets operators metadata
.PHONY: all native host gadgets operators metadata test-fixtures clean

include native/build.mk
include gadgets/build.mk
include bpf/build.mk
include operators/build.mk
include sdk-as/build.mk
include examples/build.mk
include sdk-js/build.mk
include test/bench/build.mk
include test/contract/build.mk
include test/hostile/build.mk

host: dist/host/.stamp
dist/host/.stamp: tsconfig.json package.json $(shell find host test -name '*.ts' -not -path '*/node_modules/*' -not -path '*/assemblyscript/*' 2>/dev/null)
	@echo 'building host'
	@node_modules/.bin/tsc -p tsconfig.json && touch $@

# gadget.yaml as JSON: parsing YAML and checking it would cost every start 160 ms.
metadata: dist/gadgets/.prepared
dist/gadgets/.prepared: dist/host/.stamp $(gadget_outputs)
	@node dist/host/gadget/prepare.js dist/gadgets && touch $@

clean:
	rm -rf dist
