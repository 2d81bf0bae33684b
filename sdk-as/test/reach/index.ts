// Uses what reaches beyond a batch, for reach.test.ts: sorts by uid, numbers paths, emits, counts, reads and writes a map.
import {
  Batch, BpfMap, Cell, Counter, Emitter, Field, Gauge, Groups, Histogram, Init, NewSource, Operator, RowOrder, StringField, TextCell,
  Update, log, register,
} from "@ig/operator";
export * from "@ig/operator/exports";

class ByUid extends RowOrder {
  constructor(private readonly uid: Field<u32>) {
    super();
  }
  compare(a: u32, b: u32): i32 {
    return <i32>this.uid.get(a) - <i32>this.uid.get(b);
  }
}

class Reach extends Operator {
  private path!: StringField;
  private order!: ByUid;
  private output!: Emitter;
  private flag!: Cell<bool>;
  private count!: Cell<u64>;
  private name!: TextCell;
  private seen!: Counter;
  private level!: Gauge;
  private sizes!: Histogram;
  private map!: BpfMap;
  private groups: Groups = new Groups(3);

  init(init: Init): void {
    const open = init.dataSource("open");
    this.path = open.string("fname");
    this.order = new ByUid(open.field<u32>("proc.creds.uid"));
    const source = new NewSource("totals");
    source.annotate("description", "so far");
    this.flag = source.number<bool>("flag");
    source.parent("inner");
    this.count = source.number<u64>("count", "inner");
    this.count.annotate("columns.width", "8");
    this.name = source.text("name", 4);
    this.name.tag("loud");
    this.output = init.addSource(source);
    this.seen = init.counter("seen", "rows");
    this.level = init.gauge("level");
    this.sizes = init.histogram("sizes", "bytes");
    this.map = BpfMap.open("start");
  }

  batch(batch: Batch): void {
    batch.sort(this.order);
    this.seen.add(batch.selected);
    this.level.set(-1.5);
    this.sizes.record(2);
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      this.output.add();
      this.output.set<bool>(this.flag, true);
      this.output.set<u64>(this.count, <u64>this.groups.of(this.path.address(row), this.path.size(row)));
      this.output.setField(this.name, this.path, row);
    }
    this.output.flush(batch);
  }

  tick(batch: Batch): void {
    const map = this.map;
    if (map.errno) {
      log.info("errno " + map.errno.toString());
      return;
    }
    let sum: u64 = 0;
    map.rewind();
    while (map.next()) sum += load<u32>(map.key) + load<u64>(map.value);
    const one = map.find<u32>(1);
    log.info("sum " + sum.toString() + ", of 1 " + (one ? load<u64>(one).toString() : "none"));
    log.info("set " + map.set<u32, u64>(3, sum, Update.NEW).toString() + " " + map.set<u32, u64>(3, sum, Update.NEW).toString());
    log.info("delete " + map.delete<u32>(1).toString() + " " + map.delete<u32>(1).toString());
  }
}

register(new Reach());
