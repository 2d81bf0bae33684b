import { Batch } from "./batch";
import { Errno } from "./errno";
import { StringField } from "./field";
import { ig_emit, ig_field_annotate, ig_field_tag, ig_source_add, ig_source_annotate, ig_source_field } from "./imports";
import { FieldFlag, Kind, kindOf } from "./kind";
import { Text, copyBytes } from "./text";

/** Most rows and bytes that the host takes in one call of an operator. */
const MOST_ROWS: u32 = 65536;
const MOST_BYTES: u32 = 8 << 20;

/** A field of a new data source: where its value is in a row. Annotate and tag it before `init.addSource`. */
export class CellHandle {
  readonly annotations: Array<string> = [];
  readonly tags: Array<string> = [];

  constructor(
    readonly name: string,
    readonly parent: string,
    readonly kind: u32,
    readonly flags: u32,
    readonly offset: u32,
    readonly size: u32,
  ) {}

  annotate(key: string, value: string): void {
    this.annotations.push(key);
    this.annotations.push(value);
  }

  tag(value: string): void {
    this.tags.push(value);
  }
}

/** A number or a bool. */
export class Cell<T> extends CellHandle {}

/** A text of up to so many bytes. */
export class TextCell extends CellHandle {}

/**
 * A data source to be added in `init`: its name and, in order, its fields.
 *
 *     const source = new NewSource("opens");
 *     this.comm = source.text("comm", 16);
 *     this.count = source.number<u64>("count");
 *     this.output = init.addSource(source);
 *
 * Rows are laid out as C would: every number at a multiple of its size. The manifest asks for the capability `emit:NAME`.
 */
export class NewSource {
  private readonly cells: Array<CellHandle> = [];
  private readonly annotations: Array<string> = [];
  /** What `announce` was at when it failed. */
  failed: string = "";
  private bytes: u32 = 0;
  private align: u32 = 1;

  /** `array`: every `flush` is one snapshot, whose rows belong together. */
  constructor(readonly name: string, readonly array: bool = false) {}

  annotate(key: string, value: string): void {
    this.annotations.push(key);
    this.annotations.push(value);
  }

  /** Adds a number or a bool: T as for `DataSource.field`. `parent`: full name of the field that it goes under. */
  number<T>(name: string, parent: string = "", flags: u32 = 0): Cell<T> {
    const width = <u32>sizeof<T>();
    const cell = new Cell<T>(name, parent, kindOf<T>(), flags, this.place(width, width), width);
    this.cells.push(cell);
    return cell;
  }

  /** Adds a text of up to `size` bytes. */
  text(name: string, size: u32, parent: string = "", flags: u32 = 0): TextCell {
    const cell = new TextCell(name, parent, Kind.CSTRING, flags, this.place(size, 1), size);
    this.cells.push(cell);
    return cell;
  }

  /** Adds a field without a value, a parent for others. */
  parent(name: string, parent: string = ""): void {
    this.cells.push(new CellHandle(name, parent, Kind.INVALID, FieldFlag.EMPTY, this.bytes, 0));
  }

  private place(size: u32, align: u32): u32 {
    const offset = (this.bytes + align - 1) / align * align;
    this.bytes = offset + size;
    this.align = max(this.align, align);
    return offset;
  }

  /** Bytes of a row. */
  get size(): u32 {
    return (this.bytes + this.align - 1) / this.align * this.align;
  }

  /** Called by the SDK. The data source's id, or a negated errno; what failed is in `failed`. */
  announce(): i32 {
    const name = Text.of(this.name);
    this.failed = "data source " + this.name;
    const id = ig_source_add(name.address, name.size, this.array ? 2 : 1, this.size);
    if (id < 0) return id;
    for (let i = 0; i < this.annotations.length; i += 2) {
      const key = Text.of(this.annotations[i]);
      const value = Text.of(this.annotations[i + 1]);
      const result = ig_source_annotate(id, key.address, key.size, value.address, value.size);
      if (result < 0) return result;
    }
    const names = new Map<string, i32>();
    for (let i = 0; i < this.cells.length; i++) {
      const cell = this.cells[i];
      const under = cell.parent.length == 0 ? -1 : names.has(cell.parent) ? names.get(cell.parent) : i32.MAX_VALUE;
      this.failed = "field " + cell.name + " of data source " + this.name;
      const field = this.announceCell(id, cell, under);
      if (field < 0) return field;
      names.set(cell.parent.length == 0 ? cell.name : cell.parent + "." + cell.name, field);
    }
    return id;
  }

  private announceCell(source: i32, cell: CellHandle, parent: i32): i32 {
    const name = Text.of(cell.name);
    const id = ig_source_field(source, parent, name.address, name.size, cell.kind, cell.flags, cell.offset, cell.size);
    if (id < 0) return id;
    for (let i = 0; i < cell.annotations.length; i += 2) {
      const key = Text.of(cell.annotations[i]);
      const value = Text.of(cell.annotations[i + 1]);
      ig_field_annotate(source, id, key.address, key.size, value.address, value.size);
    }
    for (let i = 0; i < cell.tags.length; i++) {
      const tag = Text.of(cell.tags[i]);
      ig_field_tag(source, id, tag.address, tag.size);
    }
    return id;
  }
}

/**
 * Collects rows of a data source that the operator added, and hands them over in one call. It keeps its memory, so that a
 * flush in every batch allocates nothing in the long run.
 */
export class Emitter {
  private start: usize;
  private next: usize;
  private end: usize;
  private row: usize = 0;

  /** Made by `init.addSource`. `source` below 0: it could not be added, and nothing is emitted. */
  constructor(private readonly source: i32, private readonly size: u32) {
    const room = max(size * 64, 4096);
    this.start = heap.alloc(room);
    this.next = this.start;
    this.end = this.start + room;
  }

  /** Rows that wait for `flush`. */
  get count(): u32 {
    return this.size ? <u32>(this.next - this.start) / this.size : 0;
  }

  /** Starts a row, all zeros and empty texts; `set` and the like are about this one until the next. */
  add(): void {
    if (this.next + this.size > this.end) this.grow();
    this.row = this.next;
    this.next += this.size;
    memory.fill(this.row, 0, this.size);
  }

  private grow(): void {
    const used = <u32>(this.next - this.start);
    const room = <u32>(this.end - this.start) * 2;
    this.start = heap.realloc(this.start, room);
    this.next = this.start + used;
    this.end = this.start + room;
  }

  // @ts-ignore: decorator
  @inline
  set<T>(cell: Cell<T>, value: T): void {
    store<T>(this.row + cell.offset, value);
  }

  setText(cell: TextCell, text: Text): void {
    this.setBytes(cell, text.address, text.size);
  }

  /** A row's value of a string field. */
  setField(cell: TextCell, field: StringField, row: u32): void {
    this.setBytes(cell, field.address(row), field.size(row));
  }

  /** What does not fit is cut off. */
  setBytes(cell: TextCell, address: usize, size: u32): void {
    copyBytes(this.row + cell.offset, address, min(size, cell.size));
  }

  /** Forgets the rows that wait. */
  clear(): void {
    this.next = this.start;
  }

  /**
   * Hands all rows to the host. They count when the call that `batch` is of returns without an error; when they cannot be taken,
   * that call fails.
   */
  flush(batch: Batch): void {
    const count = this.count;
    if (count && this.source >= 0) {
      const tooMany = count > MOST_ROWS || this.next - this.start > MOST_BYTES;
      const result = tooMany ? -Errno.NOSPC : ig_emit(this.source, this.start, count, this.size);
      if (result < 0) batch.fail(-result);
    }
    this.clear();
  }
}
