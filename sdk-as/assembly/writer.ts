import { StringField } from "./field";
import { Text, copyBytes } from "./text";

/** Writes bytes one after another into a space of its own; what does not fit sets `full` and is left out. */
export class Writer {
  /** First byte written. */
  start: usize = 0;
  /** Something did not fit. */
  full: bool = false;
  protected next: usize = 0;
  protected end: usize = 0;

  /** Starts over, in the space from `start` up to `end`. */
  open(start: usize, end: usize): void {
    this.start = start;
    this.next = start;
    this.end = end;
    this.full = false;
  }

  /** Bytes written so far. */
  get size(): u32 {
    return <u32>(this.next - this.start);
  }

  /** Makes room for `size` bytes, or says that there is none. */
  protected grow(size: u32): bool {
    this.full = true;
    return false;
  }

  // @ts-ignore: decorator
  @inline
  private fits(size: u32): bool {
    return <u64>this.next + size <= <u64>this.end || this.grow(size);
  }

  /** One byte, an ASCII character most often. */
  byte(value: u8): void {
    if (!this.fits(1)) return;
    store<u8>(this.next, value);
    this.next++;
  }

  bytes(address: usize, size: u32): void {
    if (!this.fits(size)) return;
    copyBytes(this.next, address, size);
    this.next += size;
  }

  text(value: Text): void {
    this.bytes(value.address, value.size);
  }

  /** A row's value of a string field. */
  field(field: StringField, row: u32): void {
    this.bytes(field.address(row), field.size(row));
  }

  /** A decimal number. */
  uint(value: u64): void {
    let digits: u32 = 1;
    for (let limit: u64 = 10; digits < 20 && value >= limit; limit *= 10) digits++;
    if (!this.fits(digits)) return;
    let at = this.next + digits;
    this.next = at;
    for (; value > <u64>u32.MAX_VALUE; value /= 10) store<u8>(--at, 48 + <u8>(value % 10));
    // Division of 32 bits by a constant is a multiplication.
    let low = <u32>value;
    do {
      store<u8>(--at, 48 + <u8>(low % 10));
      low /= 10;
    } while (low);
  }

  int(value: i64): void {
    if (value < 0) this.byte(45);
    this.uint(value < 0 ? 0 - <u64>value : <u64>value);
  }
}

/**
 * A buffer of the operator's own that grows: for `format` operators, whose bytes go to the sink.
 * Make one in `init`, `clear` it at the start of every batch, hand it over with `batch.output`.
 */
export class Output extends Writer {
  constructor(capacity: u32 = 65536) {
    super();
    const start = heap.alloc(capacity);
    this.open(start, start + capacity);
  }

  clear(): void {
    this.open(this.start, this.end);
  }

  protected grow(size: u32): bool {
    const used = this.size;
    const capacity = max(used + size, <u32>(this.end - this.start) * 2);
    const start = heap.realloc(this.start, capacity);
    this.open(start, start + capacity);
    this.next = start + used;
    return true;
  }
}
