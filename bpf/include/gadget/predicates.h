// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What --filter says of a record's own fields, decided between filling a record and submitting it. The loader
// writes the table before it loads the programs. Rodata is constant for the verifier, which drops what cannot
// run: an empty table costs nothing, a predicate about fifteen instructions.
//
// A table is a conjunction of clauses, a clause a disjunction of predicates; the last one of a clause is marked.
// It may only throw away what the filter that runs later would, too: that one sees every record that is left.
#ifndef GADGET_PREDICATES_H
#define GADGET_PREDICATES_H

#include <gadget/types.h>
#include <bpf/bpf_helpers.h>

#define GADGET_PREDICATES 16

// Holds when the masked value lies in low..low+span, or outside of it. Signed values wrap, so that one
// unsigned comparison does for both. host/operator/predicates.ts and operators/src/filter/kernel.rs know
// this layout.
struct gadget_predicate {
	__u64 mask; // a run of ones
	__u64 low;
	__u64 span;
	__u32 offset; // in the record, aligned to the width
	__u8 width; // 1, 2, 4 or 8; 0 ends the table
	__u8 outside;
	__u8 last; // of its clause
	__u8 unused;
};

// `size`: bytes of the record; what lies beyond them reads as zero, as for every reader.
static __always_inline bool gadget_is_unwanted(const volatile struct gadget_predicate *table, const void *record,
					       __u64 size)
{
	bool holds = false;

#pragma unroll
	for (int i = 0; i < GADGET_PREDICATES; i++) {
		__u32 offset = table[i].offset;
		__u8 width = table[i].width;
		__u64 value = 0;

		if (!width)
			return false;
		if (offset + width <= size) {
			const void *at = record + offset;

			if (width == 8)
				value = *(const volatile __u64 *)at;
			else if (width == 4)
				value = *(const volatile __u32 *)at;
			else if (width == 2)
				value = *(const volatile __u16 *)at;
			else
				value = *(const volatile __u8 *)at;
		} else if (offset < size) {
			// The record ends within what is compared: for the filter to decide.
			return false;
		}
		value = ((value & table[i].mask) - table[i].low) & table[i].mask;
		if (table[i].outside ? value > table[i].span : value <= table[i].span)
			holds = true;
		if (table[i].last) {
			if (!holds)
				return true;
			holds = false;
		}
	}
	return false;
}

#endif
