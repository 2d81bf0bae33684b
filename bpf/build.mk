# The framework's own eBPF programs: dist/bpf/NAME.bpf.o. Compiled as gadgets are (gadgets/build.mk).
framework_names := $(patsubst bpf/%/,%,$(dir $(wildcard bpf/*/*.bpf.c)))
framework_objects := $(framework_names:%=dist/bpf/%.bpf.o)

framework: $(framework_objects)

define framework_rule
dist/bpf/$(1).bpf.o: bpf/$(1)/$(1).bpf.c bpf/build.mk gadgets/build.mk $$(wildcard bpf/include/gadget/*.h) | dist/native/include/.done
	@mkdir -p $$(@D)
	@$$(CLANG) $$(gadget_cflags) -c $$< -o $$@
	@$$(LLVM_STRIP) -g $$@
endef
$(foreach name,$(framework_names),$(eval $(call framework_rule,$(name))))

.PHONY: framework
