// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What programs send and receive through TLS libraries, before it is encrypted and after it was decrypted.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>

// Bytes of data that a record can hold.
#define MAX_BUF_SIZE 8192

enum operation {
	libssl_SSL_do_handshake,
	libssl_SSL_read,
	libssl_SSL_write,
	libgnutls_gnutls_record_send,
	libgnutls_gnutls_record_recv,
	libnss_PR_Write,
	libnss_PR_Send,
	libnss_PR_Read,
	libnss_PR_Recv,
	libcrypto_rsa_ossl_public_encrypt,
	libcrypto_rsa_ossl_public_decrypt,
	libcrypto_rsa_ossl_private_encrypt,
	libcrypto_rsa_ossl_private_decrypt,
	libcrypto_RSA_sign,
	libcrypto_RSA_verify,
	libcrypto_ossl_ecdsa_sign,
	libcrypto_ossl_ecdsa_verify,
	libcrypto_ossl_ecdh_compute_key,
};

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	enum operation operation_raw;
	gadget_duration latency_ns_raw;
	u32 len;
	gadget_errno error_raw;
	u8 buf[MAX_BUF_SIZE];
};

const volatile bool record_data = true;
GADGET_PARAM(record_data);

GADGET_TRACER_MAP(events, 8 << 20);
GADGET_TRACER(ssl, events, event);

// Where a record with data is made: how long it is depends on the data.
GADGET_SCRATCH(scratch, struct event);

// Functions call one another: SSL_read(3) shakes hands if nobody has.
struct call_id {
	gadget_tid tid;
	enum operation operation;
};

struct call {
	__u64 start;
	const void *data;
	// Where a function that returns only whether it was well puts how much it moved.
	const size_t *length;
};

// Threads that end in the middle of a call leave theirs behind, so the oldest give way.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct call_id);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline int begin(enum operation operation, const void *data, const size_t *length)
{
	struct call_id id = { .tid = bpf_get_current_pid_tgid(), .operation = operation };
	struct call call = { .start = bpf_ktime_get_boot_ns(), .data = data, .length = length };

	if (!gadget_should_discard_data_current())
		bpf_map_update_elem(&calls, &id, &call, BPF_ANY);
	return 0;
}

static __always_inline int emit(void *ctx, enum operation operation, const struct call *call, __u32 length, int error)
{
	__u32 zero = 0, size = call->data && record_data ? length : 0;
	struct event *event = bpf_map_lookup_elem(&scratch, &zero);

	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	event->operation_raw = operation;
	event->latency_ns_raw = event->timestamp_raw - call->start;
	event->len = length;
	event->error_raw = error;
	// The verifier has to see the bound on the very register.
	barrier_var(size);
	if (size > sizeof(event->buf))
		size = sizeof(event->buf);
	if (bpf_probe_read_user(event->buf, size, call->data))
		size = 0;
	return gadget_output_buf(ctx, &events, event, offsetof(struct event, buf) + size);
}

// Of what moves data: `result` is how much, or with call.length whether it was well.
static __always_inline int end_transfer(struct pt_regs *ctx, enum operation operation)
{
	struct call_id id = { .tid = bpf_get_current_pid_tgid(), .operation = operation };
	struct call *found = bpf_map_lookup_elem(&calls, &id);
	int result = PT_REGS_RC(ctx);
	struct call call;
	size_t length;

	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &id);
	if (result <= 0)
		return 0;
	length = result;
	if (call.length && bpf_probe_read_user(&length, sizeof(length), call.length))
		return 0;
	return emit(ctx, operation, &call, length, 0);
}

static __always_inline int end(struct pt_regs *ctx, enum operation operation)
{
	struct call_id id = { .tid = bpf_get_current_pid_tgid(), .operation = operation };
	struct call *found = bpf_map_lookup_elem(&calls, &id);
	int result = PT_REGS_RC(ctx);
	struct call call;

	if (!found)
		return 0;
	call = *found;
	call.data = 0;
	bpf_map_delete_elem(&calls, &id);
	// A handshake that waits for the other side is called again.
	if (operation == libssl_SSL_do_handshake && result <= 0)
		return 0;
	return emit(ctx, operation, &call, 0, result < 0 ? -result : 0);
}

// A function whose second parameter is the data. NSS's are in the library libnspr4.
#define TRANSFER(library, name, function)                                            \
	SEC("uprobe/" #library ":" #function)                                        \
	int trace_uprobe_##name##_##function(struct pt_regs *ctx)                    \
	{                                                                            \
		return begin(name##_##function, (const void *)PT_REGS_PARM2(ctx), 0); \
	}                                                                            \
	SEC("uretprobe/" #library ":" #function)                                     \
	int trace_uretprobe_##name##_##function(struct pt_regs *ctx)                 \
	{                                                                            \
		return end_transfer(ctx, name##_##function);                         \
	}

TRANSFER(libssl, libssl, SSL_read)
TRANSFER(libssl, libssl, SSL_write)
TRANSFER(libgnutls, libgnutls, gnutls_record_send)
TRANSFER(libgnutls, libgnutls, gnutls_record_recv)
TRANSFER(libnspr4, libnss, PR_Write)
TRANSFER(libnspr4, libnss, PR_Send)
TRANSFER(libnspr4, libnss, PR_Read)
TRANSFER(libnspr4, libnss, PR_Recv)

// The same, with how much in the fourth.
#define TRANSFER_EX(function)                                                                                \
	SEC("uprobe/libssl:" #function "_ex")                                                                \
	int trace_uprobe_libssl_##function##_ex(struct pt_regs *ctx)                                         \
	{                                                                                                    \
		return begin(libssl_##function, (const void *)PT_REGS_PARM2(ctx), (const size_t *)PT_REGS_PARM4(ctx)); \
	}                                                                                                    \
	SEC("uretprobe/libssl:" #function "_ex")                                                             \
	int trace_uretprobe_libssl_##function##_ex(struct pt_regs *ctx)                                      \
	{                                                                                                    \
		return end_transfer(ctx, libssl_##function);                                                 \
	}

TRANSFER_EX(SSL_read)
TRANSFER_EX(SSL_write)

#define WORK(library, function)                                           \
	SEC("uprobe/" #library ":" #function)                             \
	int trace_uprobe_##library##_##function(struct pt_regs *ctx)      \
	{                                                                 \
		return begin(library##_##function, 0, 0);                 \
	}                                                                 \
	SEC("uretprobe/" #library ":" #function)                          \
	int trace_uretprobe_##library##_##function(struct pt_regs *ctx)   \
	{                                                                 \
		return end(ctx, library##_##function);                    \
	}

WORK(libssl, SSL_do_handshake)
WORK(libcrypto, rsa_ossl_public_encrypt)
WORK(libcrypto, rsa_ossl_public_decrypt)
WORK(libcrypto, rsa_ossl_private_encrypt)
WORK(libcrypto, rsa_ossl_private_decrypt)
WORK(libcrypto, RSA_sign)
WORK(libcrypto, RSA_verify)
WORK(libcrypto, ossl_ecdsa_sign)
WORK(libcrypto, ossl_ecdsa_verify)
WORK(libcrypto, ossl_ecdh_compute_key)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
