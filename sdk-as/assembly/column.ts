import { Batch, ColumnAt } from "./batch";
import { Errno } from "./errno";
import { ig_field_annotate, ig_field_hide, ig_field_tag } from "./imports";
import { Text } from "./text";
import { Writer } from "./writer";

/** A column that this operator fills. It takes its space from the batch's heap at the first value of a batch; rows without a value stay so. */
export abstract class ColumnHandle {
  protected data: usize = 0;
  private validity: usize = 0;
  protected batch: Batch = new Batch();

  /** `width`: bytes of a value. */
  constructor(readonly dataSource: u32, readonly id: u32, private readonly slot: i32, private readonly width: u32) {}

  /** Sets an annotation of the field, in `init`, if this operator added it. */
  annotate(key: string, value: string): void {
    const k = Text.of(key);
    const v = Text.of(value);
    ig_field_annotate(this.dataSource, this.id, k.address, k.size, v.address, v.size);
  }

  /** Adds a tag to the field, in `init`, if this operator added it. */
  tag(value: string): void {
    const text = Text.of(value);
    ig_field_tag(this.dataSource, this.id, text.address, text.size);
  }

  /** Sets or clears the field's hidden flag, in `init`. */
  hide(hidden: bool = true): void {
    ig_field_hide(this.dataSource, this.id, hidden ? 1 : 0);
  }

  /** Called by the SDK before a batch. */
  bind(batch: Batch): void {
    this.batch = batch;
    this.data = 0;
  }

  /** Whether the column has its space; the batch has failed if not. */
  // @ts-ignore: decorator
  @inline
  protected ready(): bool {
    return this.data != 0 || this.allocate();
  }

  private allocate(): bool {
    const batch = this.batch;
    const size = batch.rowCount * this.width;
    const bits = (batch.rowCount + 63) / 64 * 8;
    const start = batch.allocate(bits + size);
    if (!start) return false;
    memory.fill(start, 0, bits + size);
    this.validity = start;
    this.data = start + bits;
    const column = batch.columnAddress(this.slot);
    store<u32>(column, <u32>(this.validity - batch.address), ColumnAt.VALIDITY);
    store<u32>(column, <u32>(this.data - batch.address), ColumnAt.DATA);
    store<u32>(column, size, ColumnAt.DATA_SIZE);
    store<u32>(column, 1, ColumnAt.STATE);
    return true;
  }

  // @ts-ignore: decorator
  @inline
  protected mark(row: u32): void {
    const at = this.validity + (row >> 3);
    store<u8>(at, load<u8>(at) | <u8>(<u32>1 << (row & 7)));
  }
}

/** A column of numbers or bools. */
export class Column<T> extends ColumnHandle {
  constructor(dataSource: u32, id: u32, slot: i32) {
    super(dataSource, id, slot, <u32>sizeof<T>());
  }

  // @ts-ignore: decorator
  @inline
  set(row: u32, value: T): void {
    if (!this.ready()) return;
    store<T>(this.data + <usize>row * sizeof<T>(), value);
    this.mark(row);
  }
}

/** A column of strings. A value is set whole (`set`, `copy`, `share`), or written piece by piece between `begin` and `finish`. */
export class StringColumn extends ColumnHandle {
  private readonly writer: Writer = new Writer();
  private last: Text | null = null;
  private lastAt: usize = 0;
  private row: u32 = 0;

  constructor(dataSource: u32, id: u32, slot: i32) {
    super(dataSource, id, slot, 8);
  }

  bind(batch: Batch): void {
    super.bind(batch);
    this.last = null;
  }

  /** The same text in row after row is stored once. */
  set(row: u32, text: Text): void {
    if (text !== this.last) {
      this.copy(row, text.address, text.size);
      this.last = text;
      this.lastAt = this.batch.heapNext - text.size;
    } else {
      this.share(row, this.lastAt, text.size);
    }
  }

  /** Copies bytes from anywhere. */
  copy(row: u32, address: usize, size: u32): void {
    this.begin(row).bytes(address, size);
    this.finish();
  }

  /** Points at bytes that are in the batch already: a part of a field's value, say. Nothing is copied. */
  share(row: u32, address: usize, size: u32): void {
    if (!this.ready()) return;
    const view = this.data + (<usize>row << 3);
    store<u32>(view, <u32>(address - this.batch.address));
    store<u32>(view, size, 4);
    this.mark(row);
  }

  /** Starts the row's value; write it with what is returned. Set no other column before `finish`. */
  begin(row: u32): Writer {
    this.row = row;
    if (this.ready()) this.writer.open(this.batch.heapNext, this.batch.heapEnd);
    else this.writer.open(0, 0);
    return this.writer;
  }

  /** Ends what `begin` started. When the heap is too small, the row has no value and the batch fails with ENOSPC. */
  finish(): void {
    const writer = this.writer;
    if (writer.full || !this.data) {
      this.batch.fail(Errno.NOSPC);
      return;
    }
    this.batch.heapNext = writer.start + writer.size;
    this.share(this.row, writer.start, writer.size);
  }
}
