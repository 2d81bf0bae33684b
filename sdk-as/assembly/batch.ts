import { Errno } from "./errno";
import { Writer } from "./writer";

/** Offsets in the batch header. */
namespace At {
  export const DATA_SOURCE: usize = 8;
  export const FLAGS: usize = 12;
  export const CAPACITY: usize = 16;
  export const ROW_COUNT: usize = 20;
  export const STRIDE: usize = 24;
  export const ROWS: usize = 28;
  export const ROW_OFFSETS: usize = 36;
  export const SELECTION: usize = 40;
  export const SELECTED: usize = 44;
  export const COLUMNS: usize = 48;
  export const HEAP: usize = 56;
  export const HEAP_USED: usize = 60;
  export const SEQUENCE: usize = 64;
  export const LOST: usize = 72;
  export const BOOT_OFFSET: usize = 80;
  export const MONO_OFFSET: usize = 88;
  export const DRAINED_AT: usize = 96;
  export const OUTPUT: usize = 104;
  export const OUTPUT_SIZE: usize = 108;
}

/** Offsets in a column descriptor. */
export namespace ColumnAt {
  export const STATE: usize = 4;
  export const VALIDITY: usize = 8;
  export const DATA: usize = 12;
  export const DATA_SIZE: usize = 16;
  export const BYTES: usize = 32;
}

/** An order of rows, for `batch.sort`: make one in `init`, with the fields that it compares. */
export abstract class RowOrder {
  /** Below 0: `a` comes before `b`; above 0: behind it; 0: they are equal. */
  abstract compare(a: u32, b: u32): i32;
}

/** Kept from sort to sort. */
let scratch: usize = 0;
let scratchRows: u32 = 0;

/** Merges the sorted rows from `left` up to `right` and from there up to `end`. */
function merge(order: RowOrder, from: usize, to: usize, left: u32, right: u32, end: u32): void {
  let a = left;
  let b = right;
  for (let i = left; i < end; i++) {
    const first = b >= end || (a < right && order.compare(load<u32>(from + (<usize>a << 2)), load<u32>(from + (<usize>b << 2))) <= 0);
    const row = load<u32>(from + (<usize>(first ? a++ : b++) << 2));
    store<u32>(to + (<usize>i << 2), row);
  }
}

/**
 * The records of one call. Valid during the call only; there is one object for all calls.
 *
 * A filter goes through the selected rows, keeps some, and says when it is done:
 *
 *     for (let i: u32 = 0; i < batch.selected; i++) {
 *       const row = batch.row(i);
 *       if (uid.get(row) != 0) batch.keep(row);
 *     }
 *     batch.done();
 */
export class Batch {
  /** First byte of the region. */
  address: usize = 0;
  /** Rows in the region, selected or not. */
  rowCount: u32 = 0;
  /** Rows still in play. */
  selected: u32 = 0;
  /** Bytes from row to row, or 0: `rowOffsets` says where each is. */
  stride: u32 = 0;
  /** Address of the first row's payload. */
  rows: usize = 0;
  /** Address of u32[rowCount], or 0. */
  rowOffsets: usize = 0;
  /** What this call will return. */
  errno: i32 = 0;

  private selection: usize = 0;
  private kept: usize = 0;

  /** Called by the SDK before a call. */
  attach(address: usize): void {
    this.address = address;
    this.rowCount = load<u32>(address, At.ROW_COUNT);
    this.selected = load<u32>(address, At.SELECTED);
    this.stride = load<u32>(address, At.STRIDE);
    this.rows = address + load<u32>(address, At.ROWS);
    this.rowOffsets = this.stride ? 0 : address + load<u32>(address, At.ROW_OFFSETS);
    this.selection = address + load<u32>(address, At.SELECTION);
    this.kept = this.selection;
    this.errno = Errno.SUCCESS;
  }

  /** Called by the SDK after a call. */
  detach(): i32 {
    assert(this.kept == this.selection || this.errno, "rows were kept, but batch.done() was not called");
    return this.errno;
  }

  /** The i-th selected row, `i` below `selected`: what the fields' `get` takes. */
  // @ts-ignore: decorator
  @inline
  row(i: u32): u32 {
    return load<u32>(this.selection + (<usize>i << 2));
  }

  /** Keeps a row. Only while going through the rows in order: what is kept takes the place of what was visited. */
  // @ts-ignore: decorator
  @inline
  keep(row: u32): void {
    store<u32>(this.kept, row);
    this.kept += 4;
  }

  /** From here on, the selected rows are those that were kept. */
  done(): void {
    this.truncate(<u32>(this.kept - this.selection) >> 2);
    this.kept = this.selection;
  }

  /** Puts a row at place `i` of the selection: for sorting. Each row may stand there once. */
  // @ts-ignore: decorator
  @inline
  place(i: u32, row: u32): void {
    store<u32>(this.selection + (<usize>i << 2), row);
  }

  /** Puts the selected rows into an order; rows that are equal in it stay in theirs. */
  sort(order: RowOrder): void {
    const count = this.selected;
    if (count < 2) return;
    if (count > scratchRows) {
      scratchRows = max(count, 1024);
      scratch = scratch ? heap.realloc(scratch, <usize>scratchRows * 4) : heap.alloc(<usize>scratchRows * 4);
    }
    let from = this.selection;
    let to = scratch;
    // Merges runs of 1, 2, 4 … rows, from one place to the other and back.
    for (let run: u32 = 1; run < count; run *= 2) {
      for (let start: u32 = 0; start < count; start += 2 * run) {
        merge(order, from, to, start, min(start + run, count), min(start + 2 * run, count));
      }
      const next = from;
      from = to;
      to = next;
    }
    if (from != this.selection) memory.copy(this.selection, from, <usize>count * 4);
  }

  /** Keeps the first `count` selected rows. */
  truncate(count: u32): void {
    if (count > this.selected) return;
    this.selected = count;
    store<u32>(this.address, count, At.SELECTED);
  }

  /** Address of a row's payload. Fields are the better way: only what `init` asked for is filled in. */
  rowAddress(row: u32): usize {
    return this.stride ? this.rows + <usize>row * this.stride : this.address + load<u32>(this.rowOffsets + (<usize>row << 2));
  }

  /** Id of the batch's data source. */
  get dataSource(): u32 {
    return load<u32>(this.address, At.DATA_SOURCE);
  }

  /** The rows are one snapshot. */
  get isArray(): bool {
    return (load<u32>(this.address, At.FLAGS) & 1) != 0;
  }

  /** The snapshot begins with this batch: a very large one comes in parts, one right after the other. */
  get begins(): bool {
    return (load<u32>(this.address, At.FLAGS) & 4) == 0;
  }

  /** The snapshot ends with this batch. */
  get ends(): bool {
    return (load<u32>(this.address, At.FLAGS) & 2) == 0;
  }

  /** Number of the batch in this run, from 0. */
  get sequence(): u64 {
    return load<u64>(this.address, At.SEQUENCE);
  }

  /** Records that the kernel could not submit since the batch before. */
  get lost(): u64 {
    return load<u64>(this.address, At.LOST);
  }

  /** Add to a CLOCK_BOOTTIME time (what gadgets record) for ns since 1970. */
  get bootOffset(): i64 {
    return load<i64>(this.address, At.BOOT_OFFSET);
  }

  /** Add to a CLOCK_MONOTONIC time for ns since 1970. */
  get monoOffset(): i64 {
    return load<i64>(this.address, At.MONO_OFFSET);
  }

  /** When the records were taken from the ring, ns since 1970. */
  get drainedAt(): u64 {
    return load<u64>(this.address, At.DRAINED_AT);
  }

  /** Makes this call return an errno: the host goes on by the manifest's `onError`. */
  fail(errno: i32): void {
    if (!this.errno) this.errno = errno;
  }

  /** Hands bytes to the sink (`format` operators); they stay the operator's and must stay put until its next call. */
  output(bytes: Writer): void {
    store<u32>(this.address, <u32>bytes.start, At.OUTPUT);
    store<u32>(this.address, bytes.size, At.OUTPUT_SIZE);
  }

  /** Address of a column's descriptor. */
  columnAddress(slot: u32): usize {
    return this.address + load<u32>(this.address, At.COLUMNS) + <usize>slot * ColumnAt.BYTES;
  }

  /** Address of `size` bytes of the heap, 8-aligned; 0, and the call fails with ENOSPC, when there are not so many. */
  allocate(size: u32): usize {
    const from = (load<u32>(this.address, At.HEAP_USED) + 7) & ~7;
    const start = this.address + load<u32>(this.address, At.HEAP) + from;
    if (start + size > this.heapEnd || start + size < start) {
      this.fail(Errno.NOSPC);
      return 0;
    }
    this.heapNext = start + size;
    return start;
  }

  /** First free byte of the heap. */
  get heapNext(): usize {
    return this.address + load<u32>(this.address, At.HEAP) + load<u32>(this.address, At.HEAP_USED);
  }

  set heapNext(next: usize) {
    store<u32>(this.address, <u32>(next - this.address) - load<u32>(this.address, At.HEAP), At.HEAP_USED);
  }

  get heapEnd(): usize {
    return this.address + load<u32>(this.address, At.CAPACITY);
  }
}
