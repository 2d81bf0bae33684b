// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) of integers, their lowest byte first.
#ifndef GADGET_FNV1A_H
#define GADGET_FNV1A_H

#include <gadget/types.h>
#include <bpf/bpf_helpers.h>

#define FNV1_32_INIT ((__u32)2166136261u)
#define FNV1_32_PRIME ((__u32)16777619u)
#define FNV1_64_INIT ((__u64)14695981039346656037ull)
#define FNV1_64_PRIME ((__u64)1099511628211ull)

static __always_inline __u32 fnv_32a_init(void)
{
	return FNV1_32_INIT;
}

static __always_inline __u64 fnv_64a_init(void)
{
	return FNV1_64_INIT;
}

#define GADGET_FNV1A_UPDATE(bits, value_bits)                                                            \
	static __always_inline void fnv_##bits##a_update_u##value_bits(__u##bits *hash, __u##value_bits value) \
	{                                                                                                \
		_Pragma("unroll") for (int shift = 0; shift < value_bits; shift += 8)                    \
			*hash = (*hash ^ (__u8)(value >> shift)) * FNV1_##bits##_PRIME;                  \
	}

GADGET_FNV1A_UPDATE(32, 8)
GADGET_FNV1A_UPDATE(32, 16)
GADGET_FNV1A_UPDATE(32, 32)
GADGET_FNV1A_UPDATE(32, 64)
GADGET_FNV1A_UPDATE(64, 8)
GADGET_FNV1A_UPDATE(64, 16)
GADGET_FNV1A_UPDATE(64, 32)
GADGET_FNV1A_UPDATE(64, 64)
#undef GADGET_FNV1A_UPDATE

#endif
