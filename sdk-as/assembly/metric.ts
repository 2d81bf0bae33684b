import { ig_metric_record, ig_metric_record_all } from "./imports";

/**
 * Metrics, which the host shows (`--stats`) and exports. Made in `init`; where the user took the capability `metric` away, they do
 * nothing. Each call is one of the host: once per batch, not per row.
 */
export abstract class Metric {
  constructor(protected readonly id: i32) {}

  protected put(value: f64): void {
    if (this.id >= 0) ig_metric_record(this.id, value);
  }
}

/** Something that only grows. */
export class Counter extends Metric {
  add(count: u64): void {
    this.put(<f64>count);
  }
}

/** Something that goes up and down. */
export class Gauge extends Metric {
  set(value: f64): void {
    this.put(value);
  }
}

/** How values are distributed, in powers of two. */
export class Histogram extends Metric {
  record(value: f64): void {
    this.put(value);
  }

  /** Puts `count` f64 in with one call: what to use when every row has a value. */
  recordAll(values: usize, count: u32): void {
    if (this.id >= 0) ig_metric_record_all(this.id, values, count);
  }
}
