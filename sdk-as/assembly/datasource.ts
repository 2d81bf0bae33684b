import { Column, ColumnHandle, StringColumn } from "./column";
import { Errno } from "./errno";
import { Field, FieldHandle, StringField } from "./field";
import { ig_field_add, ig_field_hide, ig_field_override, ig_field_slot, ig_field_want } from "./imports";
import { Init } from "./init";
import { Kind, kindName, kindOf } from "./kind";
import { Text } from "./text";

/** Offsets in the init table's data sources and fields. */
namespace At {
  export const NAME: usize = 0;
  export const TYPE: usize = 8;
  export const FIRST_FIELD: usize = 12;
  export const FIELD_COUNT: usize = 16;

  export const FIELD_NAME: usize = 4;
  export const KIND: usize = 12;
  export const OFFSET: usize = 16;
  export const SIZE: usize = 20;
  export const SLOT: usize = 32;
  export const FIELD_BYTES: usize = 64;
}

/**
 * A data source, during `init`: finds fields and adds columns. What cannot be done is logged and makes the
 * operator's init fail; the handle that is returned then is never used.
 */
export class DataSource {
  /** `address`: of its descriptor in the init table. */
  constructor(private readonly init: Init, readonly id: u32, private readonly address: usize) {}

  get name(): string {
    return this.init.string(this.address + At.NAME);
  }

  /** Its batches are snapshots. */
  get isArray(): bool {
    return load<u32>(this.address, At.TYPE) == 2;
  }

  has(field: string): bool {
    return this.find(field) != 0;
  }

  /** A field of type T: bool, i8 to i64, u8 to u64, f32 or f64, as its kind says. */
  field<T>(name: string): Field<T> {
    const at = this.want(name);
    if (!at) return new Field<T>(this.id, 0, -1, 0);
    const kind = load<u32>(at, At.KIND);
    if (kind != kindOf<T>()) this.mismatch(name, kind, kindName(kindOf<T>()));
    return this.bound<Field<T>>(new Field<T>(this.id, load<u32>(at), load<i32>(at, At.SLOT), load<u32>(at, At.OFFSET)));
  }

  /** A field of strings or bytes. */
  string(name: string): StringField {
    const at = this.want(name);
    if (!at) return new StringField(this.id, 0, -1, 0, Kind.CSTRING, 0);
    const kind = load<u32>(at, At.KIND);
    if (kind < Kind.STRING || kind > Kind.BYTES) this.mismatch(name, kind, "string");
    return this.bound<StringField>(
      new StringField(this.id, load<u32>(at), load<i32>(at, At.SLOT), load<u32>(at, At.OFFSET), kind, load<u32>(at, At.SIZE)),
    );
  }

  /** Adds a field of type T. `name` has no dots; `parent` is the full name of the field that it goes under. */
  add<T>(name: string, parent: string = "", flags: u32 = 0): Column<T> {
    const id = this.addField(name, parent, kindOf<T>(), flags);
    return this.filled<Column<T>>(new Column<T>(this.id, id, ig_field_slot(this.id, id)));
  }

  addString(name: string, parent: string = "", flags: u32 = 0): StringColumn {
    const id = this.addField(name, parent, Kind.STRING, flags);
    return this.filled<StringColumn>(new StringColumn(this.id, id, ig_field_slot(this.id, id)));
  }

  /** From here on the field's values are of type T and what this operator sets. Handles found before still read the old ones. */
  overrideField<T>(name: string): Column<T> {
    const id = this.idOf(name);
    return this.filled<Column<T>>(new Column<T>(this.id, id, this.replace(name, id, kindOf<T>())));
  }

  overrideString(name: string): StringColumn {
    const id = this.idOf(name);
    return this.filled<StringColumn>(new StringColumn(this.id, id, this.replace(name, id, Kind.STRING)));
  }

  /** Sets or clears a field's hidden flag. */
  hide(name: string, hidden: bool = true): void {
    ig_field_hide(this.id, this.idOf(name), hidden ? 1 : 0);
  }

  private bound<H extends FieldHandle>(handle: H): H {
    this.init.operator.fields.push(handle);
    return handle;
  }

  private filled<H extends ColumnHandle>(handle: H): H {
    this.init.operator.columns.push(handle);
    return handle;
  }

  /** Address of a field's descriptor, 0 when there is none. */
  private find(name: string): usize {
    const first = load<u32>(this.address, At.FIRST_FIELD);
    const count = load<u32>(this.address, At.FIELD_COUNT);
    const wanted = Text.of(name);
    for (let i: u32 = 0; i < count; i++) {
      const field = this.init.field(first + i);
      if (this.init.isString(field + At.FIELD_NAME, wanted)) return field;
    }
    return 0;
  }

  private need(name: string): usize {
    const at = this.find(name);
    if (!at) this.init.fail(Errno.NOENT, "no field " + name + " in data source " + this.name);
    return at;
  }

  /** Finds a field and tells the host that it is read. */
  private want(name: string): usize {
    const at = this.need(name);
    if (at) ig_field_want(this.id, load<u32>(at));
    return at;
  }

  private idOf(name: string): u32 {
    const at = this.need(name);
    return at ? load<u32>(at) : 0;
  }

  private mismatch(name: string, kind: u32, wanted: string): void {
    this.init.fail(Errno.INVAL, "field " + name + " of data source " + this.name + " is " + kindName(kind) + ", not " + wanted);
  }

  private addField(name: string, parent: string, kind: u32, flags: u32): u32 {
    const text = Text.of(name);
    const under = parent.length ? <i32>this.idOf(parent) : -1;
    const id = ig_field_add(this.id, under, text.address, text.size, kind, flags);
    if (id < 0) this.init.fail(-id, "cannot add field " + name + " to data source " + this.name);
    return max(id, 0);
  }

  private replace(name: string, id: u32, kind: u32): i32 {
    const slot = ig_field_override(this.id, id, kind);
    if (slot < 0) this.init.fail(-slot, "cannot override field " + name + " of data source " + this.name);
    return slot;
  }
}
