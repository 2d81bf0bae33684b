// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Powers of two, for histograms.
#ifndef GADGET_BITS_BPF_H
#define GADGET_BITS_BPF_H

#include <gadget/types.h>
#include <bpf/bpf_helpers.h>

// Position of the highest bit that is set: log2(1) is 0, log2(8) is 3. log2(0) is 0. eBPF has no instruction for it, so the
// number is halved: shifted by 16 bits if that leaves anything, then by 8 …
static __always_inline __u64 log2(__u32 value)
{
	__u32 bits = 0;

#pragma unroll
	for (int half = 16; half; half >>= 1) {
		__u32 shift = value >> half ? half : 0;

		value >>= shift;
		bits += shift;
	}
	return bits;
}

// The slot of a log2 histogram that `value` falls into: 0, 1, 2-3, 4-7, … are slots 0, 1, 2, 3, …
static __always_inline __u64 get_slot_idx(__u64 value)
{
	__u32 high = value >> 32;

	if (!value)
		return 0;
	return high ? log2(high) + 33 : log2(value) + 1;
}

#endif
