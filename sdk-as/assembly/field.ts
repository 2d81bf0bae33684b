import { Batch, ColumnAt } from "./batch";
import { Kind } from "./kind";
import { Text, lengthOf, sameBytes } from "./text";

/** What a row without a value reads as: a zero of any type, or an empty string. */
const NOTHING = memory.data(16);

/**
 * A field found at init, wherever its values are: in the rows or in a column. Before every batch the SDK
 * works out where they start and how far apart they are, so that reading one is a multiplication and a load.
 */
export abstract class FieldHandle {
  private base: usize = 0;
  private step: usize = 0;
  /** Rows differ: their offsets are in a table, or some have no value. */
  private scattered: bool = false;
  private offsets: usize = 0;
  private validity: usize = 0;

  /** `width`: bytes from one value to the next in a column. */
  constructor(
    readonly dataSource: u32,
    readonly id: u32,
    private readonly slot: i32,
    private readonly offset: u32,
    private readonly width: u32,
  ) {}

  /** Called by the SDK before a batch. */
  bind(batch: Batch): void {
    this.offsets = 0;
    this.validity = 0;
    if (this.slot < 0) {
      this.base = batch.rows + this.offset;
      this.step = batch.stride;
      if (!this.step) {
        this.base = batch.address + this.offset;
        this.offsets = batch.rowOffsets;
      }
    } else {
      const column = batch.columnAddress(this.slot);
      if (load<u32>(column, ColumnAt.STATE)) {
        this.base = batch.address + load<u32>(column, ColumnAt.DATA);
        this.step = this.width;
        const validity = load<u32>(column, ColumnAt.VALIDITY);
        if (validity) this.validity = batch.address + validity;
      } else {
        this.base = NOTHING;
        this.step = 0;
      }
    }
    this.scattered = (this.offsets | this.validity) != 0;
  }

  /** Whether the row has a value. Values in rows are always there. */
  has(row: u32): bool {
    return this.place(row) != NOTHING;
  }

  /** Where the value of the row is. */
  // @ts-ignore: decorator
  @inline
  protected place(row: u32): usize {
    return this.scattered ? this.lookUp(row) : this.base + <usize>row * this.step;
  }

  private lookUp(row: u32): usize {
    if (this.offsets) return this.base + load<u32>(this.offsets + (<usize>row << 2));
    const bits = load<u8>(this.validity + (row >> 3));
    return (bits >> <u8>(row & 7)) & 1 ? this.base + <usize>row * this.step : NOTHING;
  }
}

/** A number or a bool. */
export class Field<T> extends FieldHandle {
  constructor(dataSource: u32, id: u32, slot: i32, offset: u32) {
    super(dataSource, id, slot, offset, <u32>sizeof<T>());
  }

  /** The row's value; 0 when it has none. */
  // @ts-ignore: decorator
  @inline
  get(row: u32): T {
    return load<T>(this.place(row));
  }
}

/** A string or bytes: fixed-size in the row, or a view in a column. Nothing here allocates but `read`. */
export class StringField extends FieldHandle {
  /** Values are (offset, size) pairs. */
  private readonly viewed: bool;
  /** Values end at the first NUL. */
  private readonly terminated: bool;
  private region: usize = 0;

  constructor(dataSource: u32, id: u32, slot: i32, offset: u32, kind: u32, private readonly limit: u32) {
    super(dataSource, id, slot, offset, slot >= 0 && kind != Kind.CSTRING ? 8 : limit);
    this.viewed = slot >= 0 && kind != Kind.CSTRING;
    this.terminated = kind == Kind.CSTRING;
  }

  bind(batch: Batch): void {
    super.bind(batch);
    this.region = batch.address;
  }

  /** Where the row's bytes are; valid during this call of the operator. */
  address(row: u32): usize {
    const place = this.place(row);
    return this.viewed ? this.region + load<u32>(place) : place;
  }

  /** How many bytes the row's value has, without a terminator. */
  size(row: u32): u32 {
    const place = this.place(row);
    if (place == NOTHING) return 0;
    if (this.viewed) return load<u32>(place, 4);
    return this.terminated ? lengthOf(place, this.limit) : this.limit;
  }

  startsWith(row: u32, text: Text): bool {
    const place = this.place(row);
    const size = text.size;
    if (this.viewed) return size <= load<u32>(place, 4) && sameBytes(this.region + load<u32>(place), text.address, size);
    // Looking for the end first would cost more: the text holds no NUL, so a value that is shorter differs from it.
    return size <= this.limit && (place != NOTHING || !size) && sameBytes(place, text.address, size);
  }

  endsWith(row: u32, text: Text): bool {
    const size = this.size(row);
    return text.size <= size && sameBytes(this.address(row) + size - text.size, text.address, text.size);
  }

  equals(row: u32, text: Text): bool {
    return this.size(row) == text.size && this.startsWith(row, text);
  }

  contains(row: u32, text: Text): bool {
    const address = this.address(row);
    const size = this.size(row);
    if (!text.size) return true;
    const first = load<u8>(text.address);
    for (let i: u32 = 0; i + text.size <= size; i++) {
      if (load<u8>(address + i) == first && sameBytes(address + i, text.address, text.size)) return true;
    }
    return false;
  }

  /** The value as a string. Allocates: for what happens seldom, not for every row. */
  read(row: u32): string {
    return String.UTF8.decodeUnsafe(this.address(row), this.size(row));
  }
}
