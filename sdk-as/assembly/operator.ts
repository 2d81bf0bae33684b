import { Batch } from "./batch";
import { ColumnHandle } from "./column";
import { FieldHandle } from "./field";
import { Init } from "./init";
import { SideTable } from "./table";

/**
 * An operator: extend it, and `register` an object of the class in the entry file. All methods run on one
 * thread, one at a time. Find fields and columns in `init`; allocate nothing in `batch`.
 */
export abstract class Operator {
  /** Called by the SDK before `batch`, for what `init` found. */
  readonly fields: Array<FieldHandle> = [];
  readonly columns: Array<ColumnHandle> = [];
  readonly tables: Map<u32, SideTable> = new Map();

  /** Finds fields, adds columns, reads parameters. */
  abstract init(init: Init): void;

  /** Works on a batch. */
  batch(batch: Batch): void {}

  /** Before the first batch. The batch has no rows: a formatter may output a header. */
  start(batch: Batch): void {}

  /** About once a second. The batch has no rows. */
  tick(batch: Batch): void {}

  /** The last call. The batch has no rows: a formatter may output its last bytes. */
  stop(batch: Batch): void {}

  /**
   * What another build of this operator needs to go on where this one ends (`ig run --watch`), at most 4 MiB; null: nothing,
   * then `stop` is called here and `start` there.
   */
  save(): Uint8Array | null {
    return null;
  }

  /**
   * What `save` of another build returned, after `init` and in the place of `start`. Check it as you would a stranger's.
   * False: this build begins without.
   */
  restore(state: Uint8Array): bool {
    return false;
  }

  /** A side table changed (`index` is its place in the manifest's `tables`). */
  table(index: u32, table: SideTable): void {}
}

const operators: Array<Operator> = [];

/** Makes an operator known, in the order of the manifest's `operators`. */
export function register(operator: Operator): void {
  operators.push(operator);
}

/** The operator of a call. */
export function operatorAt(index: u32): Operator {
  assert(index < <u32>operators.length, "the manifest has more operators than the module registers");
  return unchecked(operators[index]);
}
