# dist/native/libig.so: libbpf 1.7 and our C files in one library that needs only libelf and zlib; and libbpf's headers
# for BPF programs in dist/native/include/bpf. libbpf's sources are those in crates.io's libbpf-sys, which cargo fetches and
# checks against native/libbpf/Cargo.lock.
NATIVE := dist/native
NATIVE_CC := $(or $(shell command -v gcc || command -v clang || command -v clang-19 || command -v cc),cc)
NATIVE_SOURCES := $(wildcard native/*.c)
NATIVE_OBJECTS := $(NATIVE_SOURCES:native/%.c=$(NATIVE)/obj/%.o)
NATIVE_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -Inative -I$(NATIVE)/include -I$(NATIVE)/libbpf/include/uapi
NATIVE_TESTS := $(wildcard test/native/*.test.c)
FIXTURES := $(patsubst %.bpf.c,dist/%.bpf.o,$(wildcard test/ebpf/fixtures/*.bpf.c))

native: $(NATIVE)/libig.so $(NATIVE)/include/.done

$(NATIVE)/libbpf/.done: native/libbpf/Cargo.toml native/libbpf/Cargo.lock
	@echo 'building the native library: fetching and compiling libbpf (once, about 15 s)'
	@rm -rf $(NATIVE)/vendor $(NATIVE)/libbpf && mkdir -p $(NATIVE)
	@cargo vendor --quiet --locked --versioned-dirs --manifest-path native/libbpf/Cargo.toml $(NATIVE)/vendor >/dev/null
	@mv $(NATIVE)/vendor/libbpf-sys-*/libbpf $(NATIVE)/libbpf && rm -rf $(NATIVE)/vendor
	@touch $@

$(NATIVE)/libbpf.a: $(NATIVE)/libbpf/.done
	@$(MAKE) --no-print-directory -s -j$(NPROC) -C $(NATIVE)/libbpf/src BUILD_STATIC_ONLY=1 CC='$(NATIVE_CC)' CFLAGS='-g -O2 -fPIC' \
		OBJDIR='$(abspath $(NATIVE))/obj/libbpf' >/dev/null
	@mv $(NATIVE)/obj/libbpf/libbpf.a $@

$(NATIVE)/include/.done: $(NATIVE)/libbpf/.done
	@$(MAKE) --no-print-directory -s -C $(NATIVE)/libbpf/src install_headers DESTDIR= INCLUDEDIR='$(abspath $(NATIVE))/include' >/dev/null
	@touch $@

$(NATIVE)/obj/%.o: native/%.c native/build.mk $(NATIVE)/include/.done
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(NATIVE_CFLAGS) -O3 -g -fPIC -fvisibility=hidden -MMD -MP -c $< -o $@

$(NATIVE)/libig.so: $(NATIVE_OBJECTS) $(NATIVE)/libbpf.a
	@echo 'linking $@'
	@$(NATIVE_CC) -shared -Wl,-soname,libig.so -Wl,-z,defs -Wl,-O1 -o $@ $(NATIVE_OBJECTS) \
		-Wl,--whole-archive $(NATIVE)/libbpf.a -Wl,--no-whole-archive -lelf -lz -lpthread

# blazesym, for user stacks: not part of `all`, since it takes a minute or two and most runs do without (host/cli/symbolizers.ts builds it).
blazesym: $(NATIVE)/libblazesym.so
# A copy is kept for other trees, by what it is made of.
blazesym_sources := native/blazesym/Cargo.toml native/blazesym/Cargo.lock native/blazesym/lib.rs
$(NATIVE)/libblazesym.so: $(blazesym_sources)
	@mkdir -p $(NATIVE)
	@kept="$${XDG_CACHE_HOME:-$$HOME/.cache}/ig/blazesym/$$({ cat $(blazesym_sources); rustc --version --verbose; } | sha256sum | cut -c1-32).so"; \
	if [ ! -e "$$kept" ]; then \
		echo 'building blazesym, which names the functions in user stacks (once, a minute or two)' && \
		cargo build --quiet --release --locked --manifest-path native/blazesym/Cargo.toml --target-dir $(NATIVE)/blazesym && \
		mkdir -p "$$(dirname "$$kept")" && mv $(NATIVE)/blazesym/release/libblazesym.so "$$kept.$$$$" && mv "$$kept.$$$$" "$$kept" && \
		rm -rf $(NATIVE)/blazesym; \
	fi && cp "$$kept" $@.new && mv $@.new $@ && touch $@

# The C tests: our files and the test's, all with the sanitizers. libbpf itself comes without.
native-test: $(NATIVE_TESTS:test/native/%.test.c=$(NATIVE)/test/%) | blazesym
	@for test in $^; do echo "$$test" && ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 ./$$test || exit 1; done

$(NATIVE)/test/%: test/native/%.test.c test/native/check.h $(NATIVE_SOURCES) $(wildcard native/*.h) $(NATIVE)/libbpf.a $(NATIVE)/include/.done
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(NATIVE_CFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
		$< $(NATIVE_SOURCES) $(NATIVE)/libbpf.a -lelf -lz -lpthread -o $@

# Compiled as gadgets are (gadgets/build.mk).
test-fixtures: $(FIXTURES) blazesym
dist/test/ebpf/fixtures/%.bpf.o: test/ebpf/fixtures/%.bpf.c native/build.mk gadgets/build.mk $(wildcard bpf/include/gadget/*.h) | $(NATIVE)/include/.done
	@mkdir -p $(@D)
	@$(CLANG) $(gadget_cflags) -c $< -o $@

.PHONY: native native-test test-fixtures blazesym
-include $(NATIVE_OBJECTS:.o=.d)

# What guests give back, under libFuzzer (test/fuzz); a clang that has its runtime.
FUZZ_CC := $(firstword $(foreach c,clang-19 clang clang-22 clang-21 clang-20 clang-18 clang-17 clang-16,$(if $(wildcard $(shell command -v $(c) >/dev/null && $(c) -print-file-name=libclang_rt.fuzzer-$(shell uname -m).a 2>/dev/null) $(shell command -v $(c) >/dev/null && $(c) -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer*.a),$(c))))
native-fuzz: $(if $(FUZZ_CC),$(NATIVE)/fuzz)
test-fixtures: native-fuzz
$(NATIVE)/fuzz: test/fuzz/native.c test/native/check.h $(NATIVE_SOURCES) $(wildcard native/*.h) $(NATIVE)/libbpf.a $(NATIVE)/include/.done
	@$(FUZZ_CC) $(NATIVE_CFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$< $(NATIVE_SOURCES) $(NATIVE)/libbpf.a -lelf -lz -lpthread -o $@
.PHONY: native-fuzz
