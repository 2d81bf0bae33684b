# Builds every gadget of this folder: dist/gadgets/NAME/{program.bpf.o,gadget.yaml}.
# Included by the top-level Makefile. Overridable: CLANG, LLVM_STRIP.

CLANG ?= $(shell for c in clang-22 clang-19 clang-16 clang-14 clang; do command -v $$c && break; done)
# The strip of the same version: an older one may not know what a newer clang writes.
LLVM_STRIP ?= $(shell for c in $(patsubst clang%,llvm-strip%,$(notdir $(CLANG))) llvm-strip; do command -v $$c && break; done)

gadget_arch := $(patsubst aarch64,arm64,$(shell uname -m))
gadget_target_arch := $(patsubst x86_64,x86,$(gadget_arch))
gadget_names := $(patsubst gadgets/%/program.bpf.c,%,$(wildcard gadgets/*/program.bpf.c))
gadget_outputs := $(foreach name,$(gadget_names),dist/gadgets/$(name)/program.bpf.o dist/gadgets/$(name)/gadget.yaml)

gadget_cflags := -target bpf -g -O2 -Wall -Werror -D__TARGET_ARCH_$(gadget_target_arch) \
	-Ibpf/include -Ibpf/include/vmlinux/$(gadget_arch) -Idist/native/include -idirafter /usr/include/$(shell uname -m)-linux-gnu

gadgets: $(gadget_outputs)

# libbpf's headers come with the native library, which is built from libbpf's sources.
dist/gadgets/%/program.bpf.o: gadgets/%/program.bpf.c gadgets/build.mk | dist/native/include/.done
	@echo 'building gadget $*'
	@test -n '$(CLANG)' || { echo 'gadgets/build.mk: no clang found; install clang, or set CLANG' >&2; exit 1; }
	@mkdir -p $(@D)
	@$(CLANG) $(gadget_cflags) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@
# DWARF is of no use to the kernel; BTF stays.
	@$(LLVM_STRIP) -g $@

dist/gadgets/%/gadget.yaml: gadgets/%/gadget.yaml
	@mkdir -p $(@D)
	@cp $< $@

-include $(wildcard dist/gadgets/*/program.bpf.d)
