/** The functions of dist/native/libig.so that are used: as TypeScript sees them, and as C declares them. */

/** An address. */
export type Pointer = bigint;
/** What C returns as a pointer: null for NULL. */
export type MaybePointer = bigint | null;
/** koffi gives a number where it is exact. */
export type Int64 = number | bigint;
/** Memory for C to read or write: what the array covers is not known to C, pass the size. */
export type Memory = Uint8Array | Uint32Array | Int32Array | BigInt64Array | BigUint64Array;

/** The functions, as in native/ig.h and libbpf's headers. Results below 0 are negated errnos unless the header says otherwise. */
export interface Native {
	ig_source_new(): MaybePointer;
	ig_source_free(source: Pointer): void;
	ig_source_add_ring(source: Pointer, fd: number): number;
	ig_source_add_perf(source: Pointer, fd: number, pages: number, recordSize: number): number;
	ig_source_add_iters(source: Pointer, links: Memory, count: number, namespaced: number, recordSize: number): number;
	ig_source_add_map(source: Pointer, fd: number, valueOffset: number, keep: number, merges: Memory, mergeCount: number): number;
	ig_source_schedule(source: Pointer, input: number, intervalMs: number, count: number, onStop: number): number;
	ig_source_start(source: Pointer): void;
	ig_source_stop(source: Pointer): void;
	ig_source_over(source: Pointer): number;
	ig_source_wait(source: Pointer, ms: number): number;
	ig_source_wake(source: Pointer): void;
	ig_source_pending(source: Pointer, input: number): Int64;
	ig_source_lost(source: Pointer, input: number): Int64;
	ig_source_fill(
		s: Pointer,
		input: number,
		region: Memory,
		capacity: number,
		spec: Memory,
		seq: Int64,
		lost: Int64,
		oversized: Memory,
	): number;
	ig_source_commit(source: Pointer, input: number): number;
	ig_source_rewind(source: Pointer, input: number): number;
	ig_records_fill(
		records: Memory,
		size: Int64,
		consumed: Memory,
		region: Memory,
		capacity: number,
		spec: Memory,
		seq: Int64,
		lost: Int64,
	): number;
	ig_records_pack(region: Memory, capacity: number, records: Memory, size: Int64): Int64;
	ig_records_make(rows: Memory, count: number, stride: number, size: number, records: Memory): Int64;
	ig_stacks_new(kernelFd: number, userFd: number, buildIdFd: number, library: string, debuginfod: string): MaybePointer;
	ig_stacks_free(stacks: Pointer): void;
	ig_stacks_prepare(stacks: Pointer): void;
	ig_stacks_fill(stacks: Pointer, region: Memory, capacity: number, fixedSize: number, fields: Memory, count: number): number;
	ig_stacks_troubles(stacks: Pointer): number;
	ig_stacks_reason(stacks: Pointer, text: Memory, size: number): number;
	ig_batch_project(
		home: Memory,
		homeCapacity: number,
		away: Memory,
		awayCapacity: number,
		projection: Memory,
		rowMap: Memory,
		where: Memory,
	): number;
	ig_batch_accept(
		home: Memory,
		homeCapacity: number,
		away: Memory,
		awayCapacity: number,
		projection: Memory,
		rowMap: Memory,
		rows: number,
		where: Memory,
	): number;
	ig_batch_check(home: Memory, capacity: number, projection: Memory, rows: number, where: Memory): number;
	ig_log_init(level: number): void;
	ig_log_take(text: Memory, size: number): number;
	ig_clock_offsets(boot: Memory, mono: Memory): void;
	ig_object_open(bytes: Memory, size: number, name: string, btfPath: string | null): MaybePointer;
	ig_program_test_run(fd: number, data: Memory, size: number, repeat: number, nanoseconds: Memory): number;
	ig_btf_next(btf: Pointer, after: number, kind: number): number;
	ig_helper_id(name: string): number;
	ig_probe_attach(programType: number, attachType: number, target: string): number;
	ig_map_read(fd: number, after: Memory | null, keySize: number, valueSize: number, entries: Memory, size: Int64): number;
	ig_btf_with_sockets(basePath: string, paths: number, fd: number): number;
	ig_iter_run(link: number): number;
	memfd_create(name: string, flags: number): number;
	ig_attach_iter(program: Pointer, mapFd: number): MaybePointer;
	ig_attach_uprobe(
		program: Pointer,
		pid: number,
		path: string,
		symbol: string | null,
		offset: Int64,
		counter: Int64,
		atReturn: number,
	): MaybePointer;
	ig_usdt_find(path: string, provider: string, name: string, places: Memory, most: number): number;
	ig_attach_perf(program: Pointer, type: number, config: Int64, frequency: Int64, cpu: number): MaybePointer;
	ig_program_splice(program: Pointer, functionType: number, body: Memory, count: number): number;
	ig_splice_forget(program: Pointer): void;
	ig_dispatcher_load(programFd: number, netns: number, link: number, fallthrough: number, mapFd: Memory): number;
	ig_interface_link(name: string): number;
	ig_packet_socket(programFd: number, netnsFd: number): number;
	ig_attach_tcx(programFd: number, index: number, ingress: number): number;
	ig_attach_tc(programFd: number, index: number, ingress: number, handle: Memory, priority: Memory): number;
	ig_detach_tc(index: number, ingress: number, handle: number, priority: number, created: number): number;
	ig_close(fd: number): number;
	ig_percpu_sum(fd: number, key: number, sum: Memory): number;
	ig_crc32(bytes: Memory, size: number): number;
	ig_cgroup2_open(): number;
	ig_poll_writable(fd: number, ms: number): number;

	/** libc's; copies between typed arrays and addresses. */
	memcpy(to: Memory | Pointer, from: Memory | Pointer, size: number): void;
	libbpf_version_string(): string;
	libbpf_num_possible_cpus(): number;
	libbpf_probe_bpf_helper(programType: number, helper: number, options: null): number;
	libbpf_find_vmlinux_btf_id(name: string, attachType: number): number;
	libbpf_probe_bpf_prog_type(programType: number, options: null): number;
	libbpf_probe_bpf_map_type(mapType: number, options: null): number;
	bpf_map_update_elem(fd: number, key: Memory, value: Memory, flags: Int64): number;
	bpf_map_lookup_elem(fd: number, key: Memory, value: Memory): number;
	bpf_map_delete_elem(fd: number, key: Memory): number;

	bpf_object__load(object: Pointer): number;
	bpf_object__close(object: Pointer): void;
	bpf_object__btf(object: Pointer): MaybePointer;
	bpf_object__next_program(object: Pointer, program: MaybePointer): MaybePointer;
	bpf_object__next_map(object: Pointer, map: MaybePointer): MaybePointer;
	bpf_program__name(program: Pointer): string;
	bpf_program__section_name(program: Pointer): string;
	bpf_program__type(program: Pointer): number;
	bpf_program__fd(program: Pointer): number;
	bpf_program__autoload(program: Pointer): boolean;
	bpf_program__set_type(program: Pointer, type: number): number;
	bpf_program__expected_attach_type(program: Pointer): number;
	bpf_prog_attach(programFd: number, target: number, type: number, flags: number): number;
	bpf_prog_detach2(programFd: number, target: number, type: number): number;
	bpf_program__attach_usdt(program: Pointer, pid: number, path: string, provider: string, name: string, options: null): MaybePointer;
	if_nametoindex(name: string): number;
	bpf_program__attach_cgroup(program: Pointer, fd: number): MaybePointer;
	bpf_map__attach_struct_ops(map: Pointer): MaybePointer;
	bpf_program__set_autoload(program: Pointer, autoload: boolean): number;
	bpf_program__set_attach_target(program: Pointer, fd: number, name: string): number;
	bpf_program__attach(program: Pointer): MaybePointer;
	bpf_program__attach_tracepoint(program: Pointer, category: string, name: string): MaybePointer;
	bpf_program__attach_raw_tracepoint(program: Pointer, name: string): MaybePointer;
	bpf_program__attach_kprobe(program: Pointer, atReturn: boolean, name: string): MaybePointer;
	ig_links_destroy(links: BigUint64Array, count: number): void;
	bpf_link__destroy(link: Pointer): number;
	bpf_program__set_expected_attach_type(program: Pointer, type: number): number;
	ig_probe_uprobe_multi(): number;
	bpf_link__fd(link: Pointer): number;
	bpf_map__name(map: Pointer): string;
	bpf_map__type(map: Pointer): number;
	bpf_map__fd(map: Pointer): number;
	bpf_map__key_size(map: Pointer): number;
	bpf_map__value_size(map: Pointer): number;
	bpf_map__max_entries(map: Pointer): number;
	bpf_map__set_max_entries(map: Pointer, entries: number): number;
	bpf_map__map_flags(map: Pointer): number;
	bpf_map__set_map_flags(map: Pointer, flags: number): number;
	bpf_map__pin_path(map: Pointer): string | null;
	bpf_map__set_pin_path(map: Pointer, path: string | null): number;
	bpf_map__set_autocreate(map: Pointer, autocreate: boolean): number;
	bpf_map__reuse_fd(map: Pointer, fd: number): number;
	bpf_map__initial_value(map: Pointer, size: Memory): MaybePointer;
	bpf_map__btf_key_type_id(map: Pointer): number;
	bpf_map__btf_value_type_id(map: Pointer): number;

	btf__type_cnt(btf: Pointer): number;
	btf__type_by_id(btf: Pointer, id: number): MaybePointer;
	btf__name_by_offset(btf: Pointer, offset: number): string | null;
	btf__find_by_name_kind(btf: Pointer, name: string, kind: number): number;
	btf__load_vmlinux_btf(): MaybePointer;
}

/** `f` stands for the name. */
export const prototypes: Readonly<Record<keyof Native, string>> = {
	ig_source_new: 'void *f()',
	ig_source_free: 'void f(void *)',
	ig_source_add_ring: 'int f(void *, int)',
	ig_source_add_perf: 'int f(void *, int, uint32_t, uint32_t)',
	ig_source_add_iters: 'int f(void *, void *, uint32_t, uint32_t, uint32_t)',
	ig_source_add_map: 'int f(void *, int, uint32_t, int, void *, uint32_t)',
	ig_source_schedule: 'int f(void *, int, uint32_t, uint32_t, int)',
	ig_source_start: 'void f(void *)',
	ig_source_stop: 'void f(void *)',
	ig_source_over: 'int f(void *)',
	ig_source_wait: 'int f(void *, int)',
	ig_source_wake: 'void f(void *)',
	ig_source_pending: 'int64_t f(void *, int)',
	ig_source_lost: 'int64_t f(void *, int)',
	ig_source_fill: 'int f(void *, int, void *, uint32_t, void *, uint64_t, uint64_t, void *)',
	ig_source_commit: 'int f(void *, int)',
	ig_source_rewind: 'int f(void *, int)',
	ig_records_fill: 'int f(void *, uint64_t, void *, void *, uint32_t, void *, uint64_t, uint64_t)',
	ig_records_pack: 'int64_t f(void *, uint32_t, void *, uint64_t)',
	ig_records_make: 'int64_t f(void *, uint32_t, uint32_t, uint32_t, void *)',
	ig_batch_project: 'int f(void *, uint32_t, void *, uint32_t, void *, void *, void *)',
	ig_batch_accept: 'int f(void *, uint32_t, void *, uint32_t, void *, void *, uint32_t, void *)',
	ig_batch_check: 'int f(void *, uint32_t, void *, uint32_t, void *)',
	ig_stacks_new: 'void *f(int, int, int, const char *, const char *)',
	ig_stacks_free: 'void f(void *)',
	ig_stacks_prepare: 'void f(void *)',
	ig_stacks_fill: 'int f(void *, void *, uint32_t, uint32_t, void *, uint32_t)',
	ig_stacks_troubles: 'uint32_t f(void *)',
	ig_stacks_reason: 'int f(void *, void *, size_t)',
	ig_log_init: 'void f(int)',
	ig_log_take: 'int f(void *, size_t)',
	ig_clock_offsets: 'void f(void *, void *)',
	ig_object_open: 'void *f(void *, size_t, const char *, const char *)',
	ig_program_test_run: 'int f(int, void *, uint32_t, uint32_t, void *)',
	ig_btf_next: 'int f(void *, uint32_t, uint32_t)',
	ig_helper_id: 'int f(const char *)',
	ig_probe_attach: 'int f(int, int, const char *)',
	ig_map_read: 'int f(int, void *, uint32_t, uint32_t, void *, uint64_t)',
	ig_btf_with_sockets: 'int f(const char *, uint32_t, int)',
	ig_iter_run: 'int f(int)',
	memfd_create: 'int f(const char *, uint32_t)',
	ig_attach_iter: 'void *f(void *, int)',
	ig_attach_uprobe: 'void *f(void *, int, const char *, const char *, uint64_t, uint64_t, int)',
	ig_usdt_find: 'int f(const char *, const char *, const char *, void *, uint32_t)',
	ig_attach_perf: 'void *f(void *, uint32_t, uint64_t, uint64_t, int)',
	ig_program_splice: 'int f(void *, uint32_t, void *, uint32_t)',
	ig_splice_forget: 'void f(void *)',
	ig_dispatcher_load: 'int f(int, uint32_t, uint32_t, int, void *)',
	ig_interface_link: 'int f(const char *)',
	ig_packet_socket: 'int f(int, int)',
	ig_attach_tcx: 'int f(int, int, int)',
	ig_attach_tc: 'int f(int, int, int, void *, void *)',
	ig_detach_tc: 'int f(int, int, uint32_t, uint32_t, int)',
	ig_close: 'int f(int)',
	ig_percpu_sum: 'int f(int, uint32_t, void *)',
	ig_crc32: 'uint32_t f(void *, size_t)',
	ig_cgroup2_open: 'int f()',
	ig_poll_writable: 'int f(int, int)',
	memcpy: 'void f(void *, void *, size_t)',
	libbpf_version_string: 'const char *f()',
	libbpf_num_possible_cpus: 'int f()',
	libbpf_probe_bpf_helper: 'int f(int, int, void *)',
	libbpf_find_vmlinux_btf_id: 'int f(const char *, int)',
	libbpf_probe_bpf_prog_type: 'int f(int, void *)',
	libbpf_probe_bpf_map_type: 'int f(int, void *)',
	bpf_map_update_elem: 'int f(int, void *, void *, uint64_t)',
	bpf_map_lookup_elem: 'int f(int, void *, void *)',
	bpf_map_delete_elem: 'int f(int, void *)',
	bpf_object__load: 'int f(void *)',
	bpf_object__close: 'void f(void *)',
	bpf_object__btf: 'void *f(void *)',
	bpf_object__next_program: 'void *f(void *, void *)',
	bpf_object__next_map: 'void *f(void *, void *)',
	bpf_program__name: 'const char *f(void *)',
	bpf_program__section_name: 'const char *f(void *)',
	bpf_program__type: 'int f(void *)',
	bpf_program__fd: 'int f(void *)',
	bpf_program__autoload: 'bool f(void *)',
	bpf_program__set_type: 'int f(void *, int)',
	bpf_program__expected_attach_type: 'int f(void *)',
	bpf_prog_attach: 'int f(int, int, int, uint32_t)',
	bpf_prog_detach2: 'int f(int, int, int)',
	bpf_program__attach_usdt: 'void *f(void *, int, const char *, const char *, const char *, void *)',
	if_nametoindex: 'uint32_t f(const char *)',
	bpf_program__attach_cgroup: 'void *f(void *, int)',
	bpf_map__attach_struct_ops: 'void *f(void *)',
	bpf_program__set_autoload: 'int f(void *, bool)',
	bpf_program__set_attach_target: 'int f(void *, int, const char *)',
	bpf_program__attach: 'void *f(void *)',
	bpf_program__attach_tracepoint: 'void *f(void *, const char *, const char *)',
	bpf_program__attach_raw_tracepoint: 'void *f(void *, const char *)',
	bpf_program__attach_kprobe: 'void *f(void *, bool, const char *)',
	ig_links_destroy: 'void f(void *, uint32_t)',
	bpf_link__destroy: 'int f(void *)',
	bpf_program__set_expected_attach_type: 'int f(void *, int)',
	ig_probe_uprobe_multi: 'int f()',
	bpf_link__fd: 'int f(void *)',
	bpf_map__name: 'const char *f(void *)',
	bpf_map__type: 'int f(void *)',
	bpf_map__fd: 'int f(void *)',
	bpf_map__key_size: 'uint32_t f(void *)',
	bpf_map__value_size: 'uint32_t f(void *)',
	bpf_map__max_entries: 'uint32_t f(void *)',
	bpf_map__set_max_entries: 'int f(void *, uint32_t)',
	bpf_map__set_autocreate: 'int f(void *, bool)',
	bpf_map__map_flags: 'uint32_t f(void *)',
	bpf_map__set_map_flags: 'int f(void *, uint32_t)',
	bpf_map__pin_path: 'const char *f(void *)',
	bpf_map__set_pin_path: 'int f(void *, const char *)',
	bpf_map__reuse_fd: 'int f(void *, int)',
	bpf_map__initial_value: 'void *f(void *, void *)',
	bpf_map__btf_key_type_id: 'uint32_t f(void *)',
	bpf_map__btf_value_type_id: 'uint32_t f(void *)',
	btf__type_cnt: 'uint32_t f(void *)',
	btf__type_by_id: 'void *f(void *, uint32_t)',
	btf__name_by_offset: 'const char *f(void *, uint32_t)',
	btf__find_by_name_kind: 'int f(void *, const char *, uint32_t)',
	btf__load_vmlinux_btf: 'void *f()',
};
