/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch: what the host and every operator share. docs/operator-abi.md is the contract in words; the
 * layouts below are the same in bytes. Little-endian. Every offset counts from the region's first byte,
 * except ig_batch.output, which is an address in the guest's memory.
 */
#ifndef IG_BATCH_H
#define IG_BATCH_H

#include <stdint.h>

#define IG_BATCH_MAGIC 0x31424749u /* "IGB1" */
#define IG_BATCH_VERSION 1
#define IG_RECORD_HEADER 8 /* the ring's own record header, kept in front of each row */

enum ig_batch_flags {
	IG_BATCH_ARRAY = 1u << 0, /* the rows are one snapshot: print them together */
	/* A snapshot that is larger than a batch comes in parts, one right after the other. */
	IG_BATCH_MORE = 1u << 1, /* another part follows */
	IG_BATCH_CONTINUED = 1u << 2, /* a part came before */
};

/* 128 bytes. Fields marked W are the ones a guest may write; the host ignores changes to all others. */
struct ig_batch {
	uint32_t magic;       /*   0 */
	uint16_t version;     /*   4 */
	uint16_t header_size; /*   6  sizeof(struct ig_batch) of the host */
	uint32_t data_source; /*   8  index in the init table */
	uint32_t flags;       /*  12 */
	uint32_t capacity;    /*  16  bytes of the region */
	uint32_t row_count;   /*  20 */
	uint32_t stride;      /*  24  bytes from row to row; 0: row_offsets says where each row is */
	uint32_t rows;        /*  28  first byte of row 0's payload (its record header is 8 bytes before) */
	uint32_t rows_size;   /*  32  bytes from rows to the end of the last row's payload */
	uint32_t row_offsets; /*  36  u32[row_count], payload of row i; 0 when stride is not 0 */
	uint32_t selection;   /*  40  u32[row_count] W: row numbers, in order */
	uint32_t selected;    /*  44  W: how many of them are selected */
	uint32_t columns;     /*  48  struct ig_column[column_count] */
	uint32_t column_count;/*  52 */
	uint32_t heap;        /*  56  free bytes for column data, up to capacity */
	uint32_t heap_used;   /*  60  W: bytes of the heap in use */
	uint64_t sequence;    /*  64  number of this batch in the run, from 0 */
	uint64_t lost;        /*  72  records the kernel could not submit since the batch before */
	int64_t boot_offset;  /*  80  ns to add to CLOCK_BOOTTIME for wall time */
	int64_t mono_offset;  /*  88  ns to add to CLOCK_MONOTONIC for wall time */
	uint64_t drained_at;  /*  96  wall time of the drain, ns since 1970 */
	uint32_t output;      /* 104  W: address of bytes for the sink, 0 when none */
	uint32_t output_size; /* 108  W */
	uint32_t reserved[4]; /* 112 */
};

/*
 * 32 bytes. Slot i holds the values of the field whose slot is i in the init table. state 0: no value in
 * any row. Fixed-size kinds: row_count values. String and bytes: row_count struct ig_view.
 */
struct ig_column {
	uint32_t field;     /*  0  field id */
	uint32_t state;     /*  4  W: 0 absent, 1 present */
	uint32_t validity;  /*  8  W: bitmap, bit i%8 of byte i/8 set when row i has a value; 0: all have */
	uint32_t data;      /* 12  W */
	uint32_t data_size; /* 16  W */
	uint32_t reserved[3];
};

struct ig_view {
	uint32_t offset; /* from the region's first byte */
	uint32_t size;
};

/* The init table: what ig_init receives. 64 bytes, then what its offsets name (from the table's first byte). */
#define IG_INIT_MAGIC 0x31494749u /* "IGI1" */

struct ig_init {
	uint32_t magic;
	uint32_t size; /* bytes of the whole table */
	uint32_t data_source_count, data_sources;
	uint32_t field_count, fields;
	uint32_t annotation_count, annotations; /* struct ig_pair */
	uint32_t tag_count, tags;               /* struct ig_string */
	uint32_t param_count, params;           /* struct ig_pair */
	uint32_t region_size;                   /* capacity of the largest batch region the host will use */
	uint32_t reserved[3];
};

struct ig_string {
	uint32_t offset, size;
};

struct ig_pair {
	struct ig_string key, value;
};

struct ig_data_source { /* 48 bytes */
	struct ig_string name;
	uint32_t type; /* 1 single, 2 array */
	uint32_t first_field, field_count;
	uint32_t record_size; /* every row has at least this many bytes */
	uint32_t first_annotation, annotation_count;
	uint32_t slot_count; /* columns that exist when this operator runs */
	uint32_t reserved[3];
};

struct ig_field { /* 64 bytes */
	uint32_t id;           /*  0  within its data source: its index there */
	struct ig_string name; /*  4  full name, "proc.parent.pid" */
	uint32_t kind;         /* 12 */
	uint32_t offset, size; /* 16  in the row's payload; 0,0 for added fields */
	uint32_t flags;        /* 24 */
	int32_t parent;        /* 28  field id, -1 for none */
	int32_t slot;          /* 32  column slot, -1: the value is in the row */
	uint32_t first_annotation, annotation_count; /* 36 */
	uint32_t first_tag, tag_count;               /* 44 */
	int32_t order;                               /* 52  place among the default columns */
	uint32_t reserved[2];                        /* 56 */
};

enum ig_kind {
	IG_KIND_INVALID, IG_KIND_BOOL, IG_KIND_INT8, IG_KIND_INT16, IG_KIND_INT32, IG_KIND_INT64, IG_KIND_UINT8,
	IG_KIND_UINT16, IG_KIND_UINT32, IG_KIND_UINT64, IG_KIND_FLOAT32, IG_KIND_FLOAT64, IG_KIND_STRING,
	IG_KIND_CSTRING, IG_KIND_BYTES,
	IG_KIND_ARRAY = 0x10000000, /* or-ed with the kind of an element */
};

enum ig_field_flags {
	IG_FIELD_EMPTY = 1, IG_FIELD_CONTAINER = 2, IG_FIELD_HIDDEN = 4, IG_FIELD_HAS_PARENT = 8,
	IG_FIELD_STATIC_MEMBER = 16, IG_FIELD_UNREFERENCED = 32,
};

#endif
