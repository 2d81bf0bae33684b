# The benchmarks' own tools, in dist/bench.
BENCH := dist/bench
BENCH_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror

bench-tools: $(BENCH)/storm $(BENCH)/nothing $(BENCH)/measure $(BENCH)/creader $(BENCH)/producer.bpf.o blazesym

$(BENCH)/measure: test/bench/measure.c
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(BENCH_CFLAGS) $< -o $@

$(BENCH)/storm: test/bench/storm.c test/bench/work.c test/bench/work.h
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(BENCH_CFLAGS) $(filter %.c,$^) -o $@

# Static: what is measured is the system call, not the dynamic linker.
$(BENCH)/nothing: test/bench/nothing.c
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(BENCH_CFLAGS) -static $< -o $@

# It gets libbpf from the same library as the host.
$(BENCH)/creader: test/bench/creader.c $(NATIVE)/libig.so $(NATIVE)/include/.done
	@mkdir -p $(@D)
	@$(NATIVE_CC) $(BENCH_CFLAGS) -I$(NATIVE)/include -I$(NATIVE)/libbpf/include/uapi $< -L$(NATIVE) -lig -Wl,-rpath,'$$ORIGIN/../native' -o $@

$(BENCH)/%.bpf.o: test/bench/%.bpf.c $(NATIVE)/include/.done
	@mkdir -p $(@D)
	@$(CLANG) $(gadget_cflags) -c $< -o $@

.PHONY: bench-tools
