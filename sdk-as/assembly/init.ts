import { DataSource } from "./datasource";
import { Emitter, NewSource } from "./emit";
import { Errno } from "./errno";
import { ig_metric_add } from "./imports";
import { log } from "./log";
import { Counter, Gauge, Histogram } from "./metric";
import { Operator } from "./operator";
import { SideTable } from "./table";
import { Text, sameBytes } from "./text";

/** Offsets in the init table's header, and sizes of what it points at. */
namespace At {
  export const SOURCE_COUNT: usize = 8;
  export const SOURCES: usize = 12;
  export const FIELDS: usize = 20;
  export const PARAM_COUNT: usize = 40;
  export const PARAMS: usize = 44;
  export const REGION_SIZE: usize = 48;
  export const SOURCE_BYTES: usize = 48;
  export const FIELD_BYTES: usize = 64;
  export const PAIR_BYTES: usize = 16;
}

/** What an operator learns and asks for in `init`. Valid during that call only. */
export class Init {
  /** What the call will return. */
  errno: i32 = Errno.SUCCESS;

  /** `table`: address of the init table. */
  constructor(readonly operator: Operator, private readonly table: usize) {}

  /** How many data sources there are; their ids are the numbers below it. */
  get dataSourceCount(): u32 {
    return load<u32>(this.table, At.SOURCE_COUNT);
  }

  dataSourceAt(id: u32): DataSource {
    assert(id < this.dataSourceCount, "no such data source");
    return new DataSource(this, id, this.table + load<u32>(this.table, At.SOURCES) + <usize>id * At.SOURCE_BYTES);
  }

  /** The data source of that name, or null. */
  findDataSource(name: string): DataSource | null {
    for (let id: u32 = 0; id < this.dataSourceCount; id++) {
      const source = this.dataSourceAt(id);
      if (source.name == name) return source;
    }
    return null;
  }

  /** The data source of that name; a run without it is one that this operator cannot work in. */
  dataSource(name: string): DataSource {
    const source = this.findDataSource(name);
    if (source) return source;
    // Nothing sensible could be returned, and init has to end here.
    throw new Error("no data source " + name);
  }

  /** A parameter's value, or `otherwise` when neither the user nor the manifest gives one. */
  param(key: string, otherwise: string = ""): string {
    const wanted = Text.of(key);
    const count = load<u32>(this.table, At.PARAM_COUNT);
    for (let i: usize = 0; i < count; i++) {
      const pair = this.table + load<u32>(this.table, At.PARAMS) + i * At.PAIR_BYTES;
      if (this.isString(pair, wanted)) return this.string(pair + 8);
    }
    return otherwise;
  }

  /** The side table at a place in the manifest's `tables`; empty until the host has sent it, before the first batch. */
  sideTable(index: u32): SideTable {
    const tables = this.operator.tables;
    if (!tables.has(index)) tables.set(index, new SideTable());
    return tables.get(index);
  }

  /** Adds a data source, whose rows go to the operators behind this one and to the output. */
  addSource(source: NewSource): Emitter {
    const id = source.announce();
    if (id < 0) {
      const why = id == -Errno.NOTCAPABLE ? ": not granted (the manifest has to ask for emit:" + source.name + ")" : "";
      this.fail(-id, "cannot add " + source.failed + why);
    }
    return new Emitter(id, source.size);
  }

  /** Something that only grows. */
  counter(name: string, unit: string = ""): Counter {
    return new Counter(this.metric(0, name, unit));
  }

  /** Something that goes up and down. */
  gauge(name: string, unit: string = ""): Gauge {
    return new Gauge(this.metric(1, name, unit));
  }

  /** How values are distributed. */
  histogram(name: string, unit: string = ""): Histogram {
    return new Histogram(this.metric(2, name, unit));
  }

  private metric(kind: u32, name: string, unit: string): i32 {
    const n = Text.of(name);
    const u = Text.of(unit);
    const id = ig_metric_add(kind, n.address, n.size, u.address, u.size);
    if (id < 0 && id != -Errno.NOTCAPABLE) this.fail(-id, "cannot add metric " + name);
    return id;
  }

  /** Bytes of the largest batch that will come. */
  get largestBatch(): u32 {
    return load<u32>(this.table, At.REGION_SIZE);
  }

  /** Logs an error and makes init fail: the run does not start. */
  fail(errno: i32, message: string): void {
    log.error(message);
    if (!this.errno) this.errno = errno;
  }

  /** The string (offset, size) at an address in the table. */
  string(at: usize): string {
    return String.UTF8.decodeUnsafe(this.table + load<u32>(at), load<u32>(at, 4));
  }

  isString(at: usize, text: Text): bool {
    return load<u32>(at, 4) == text.size && sameBytes(this.table + load<u32>(at), text.address, text.size);
  }

  /** Address of an entry of the fields array. */
  field(index: u32): usize {
    return this.table + load<u32>(this.table, At.FIELDS) + <usize>index * At.FIELD_BYTES;
  }
}
