// SPDX-License-Identifier: Apache-2.0
/* Rows that an operator emits, as the records that a ring would hold. */
#include "internal.h"

int64_t ig_records_make(const uint8_t *rows, uint32_t count, uint32_t stride, uint32_t size, uint8_t *records)
{
	const uint64_t step = IG_RECORD_HEADER + ig_round8(size);

	for (uint32_t row = 0; row < count; row++, rows += stride, records += step) {
		ig_store32(records, size);
		ig_store32(records + 4, 0);
		memcpy(records + IG_RECORD_HEADER, rows, size);
		memset(records + IG_RECORD_HEADER + size, 0, step - IG_RECORD_HEADER - size);
	}
	return (int64_t)(count * step);
}
