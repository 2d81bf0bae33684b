// Counts opens by command, or by another text, and emits the counts each second as a data source `opens`:
// ig run trace_open --wasm-operator as-aggregate.wasm -o json
import {
  Batch, Cell, Counter, Emitter, Field, FieldFlag, Groups, Init, NewSource, Operator, StringField, Text, TextCell, register,
} from "@ig/operator";
export * from "@ig/operator/exports";

/** Groups in one second; what comes after them is counted as `(other)`, so that memory has a bound. */
const MOST_GROUPS: u32 = 10000;

class Aggregate extends Operator {
  private by!: StringField;
  private error!: Field<u32>;
  /** Whether the opens themselves go on, too. */
  private events: bool = false;
  private groups: Groups = new Groups(MOST_GROUPS);
  /** By the number of the group; the last one is for all others. */
  private opens: StaticArray<u64> = new StaticArray<u64>(MOST_GROUPS + 1);
  private failed: StaticArray<u64> = new StaticArray<u64>(MOST_GROUPS + 1);
  private other: Text = Text.of("(other)");

  private output!: Emitter;
  private timestampCell!: Cell<u64>;
  private nameCell!: TextCell;
  private opensCell!: Cell<u64>;
  private failedCell!: Cell<u64>;
  private counted!: Counter;

  init(init: Init): void {
    const open = init.dataSource("open");
    const by = init.param("by");
    this.by = open.string(by);
    this.error = open.field<u32>("error_raw");
    this.events = init.param("events") == "true";

    const source = new NewSource("opens");
    source.annotate("description", "Opens of each second");
    this.timestampCell = source.number<u64>("timestamp_raw", "", FieldFlag.HIDDEN);
    this.timestampCell.tag("type:gadget_timestamp");
    this.nameCell = source.text(by.substring(by.lastIndexOf(".") + 1), 64);
    this.nameCell.annotate("columns.width", "24");
    this.opensCell = source.number<u64>("opens");
    this.opensCell.annotate("columns.width", "10");
    this.failedCell = source.number<u64>("failed");
    this.failedCell.annotate("columns.width", "10");
    this.output = init.addSource(source);
    this.counted = init.counter("opens", "events");
  }

  batch(batch: Batch): void {
    const by = this.by;
    const error = this.error;
    const groups = this.groups;
    const opens = this.opens;
    const failed = this.failed;
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      const found = groups.of(by.address(row), by.size(row));
      const group: u32 = found < 0 ? MOST_GROUPS : found;
      opens[group] += 1;
      if (error.get(row)) failed[group] += 1;
    }
    this.counted.add(batch.selected);
    if (!this.events) batch.truncate(0);
  }

  tick(batch: Batch): void {
    this.flush(batch);
  }

  stop(batch: Batch): void {
    this.flush(batch);
  }

  /** The most frequent first. */
  private flush(batch: Batch): void {
    const groups = this.groups;
    const output = this.output;
    // Count and number in one value: sorted by it, the numbers come with their counts.
    const order = new Array<u64>(groups.count);
    for (let i: u32 = 0; i < groups.count; i++) order[i] = (min<u64>(this.opens[i], u32.MAX_VALUE) << 32) | (u32.MAX_VALUE - i);
    order.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    // As gadgets record time: since the boot.
    const now = batch.drainedAt - <u64>batch.bootOffset;
    for (let i = 0; i < order.length; i++) {
      const group = u32.MAX_VALUE - <u32>order[i];
      this.row(now, group);
      output.setBytes(this.nameCell, groups.address(group), groups.size(group));
    }
    if (this.opens[MOST_GROUPS]) {
      this.row(now, MOST_GROUPS);
      output.setText(this.nameCell, this.other);
    }
    groups.clear();
    output.flush(batch);
  }

  private row(now: u64, group: u32): void {
    const output = this.output;
    output.add();
    output.set<u64>(this.timestampCell, now);
    output.set<u64>(this.opensCell, this.opens[group]);
    output.set<u64>(this.failedCell, this.failed[group]);
    this.opens[group] = 0;
    this.failed[group] = 0;
  }
}

register(new Aggregate());
