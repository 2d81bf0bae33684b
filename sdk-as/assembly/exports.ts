import { Batch } from "./batch";
import { Errno } from "./errno";
import { Init } from "./init";
import { Operator, operatorAt } from "./operator";

/** The version marker: only that it is there counts. */
export const ig_abi_v1: i32 = 1;

const PAGE: u32 = 65536;
/** `ASC_RUNTIME` of the runtime `stub`, whose allocator takes all memory past its own for free. */
const RUNTIME_STUB: i32 = 0;

/** Calls between collections of what operators allocated and dropped. SDK code allocates nothing in them. */
const COLLECT_EVERY: u32 = 32;
let calls: u32 = 0;

const batch = new Batch();

/** Gives memory to the host for good. */
export function ig_alloc(size: u32): usize {
  if (size < PAGE || ASC_RUNTIME == RUNTIME_STUB) return heap.alloc(size);
  // Pages of their own: the allocator would trap where the contract wants a 0.
  const pages = <i32>((<u64>size + PAGE - 1) / PAGE);
  const first = memory.grow(pages);
  return first < 0 ? 0 : <usize>first * PAGE;
}

export function ig_init(op: u32, table: usize, size: u32): i32 {
  const operator = operatorAt(op);
  const init = new Init(operator, table);
  operator.init(init);
  return collected(init.errno);
}

export function ig_batch(op: u32, address: usize): i32 {
  const operator = begin(op, address);
  operator.batch(batch);
  const errno = batch.detach();
  if (++calls % COLLECT_EVERY == 0) __collect();
  return errno;
}

export function ig_start(op: u32, address: usize): i32 {
  const operator = begin(op, address);
  operator.start(batch);
  return collected(batch.detach());
}

export function ig_tick(op: u32, address: usize): i32 {
  const operator = begin(op, address);
  operator.tick(batch);
  return collected(batch.detach());
}

export function ig_stop(op: u32, address: usize): i32 {
  const operator = begin(op, address);
  operator.stop(batch);
  return collected(batch.detach());
}

/** What the host is about to read. */
let saved: Uint8Array | null = null;

export function ig_state_save(op: u32, out: usize): i32 {
  const state = operatorAt(op).save();
  saved = state;
  if (state === null) return Errno.NOSYS;
  store<u32>(out, <u32>state.dataStart);
  store<u32>(out, <u32>state.length, 4);
  return 0;
}

export function ig_state_restore(op: u32, address: usize, size: u32): i32 {
  const state = new Uint8Array(size);
  memory.copy(state.dataStart, address, size);
  return collected(operatorAt(op).restore(state) ? 0 : Errno.NOSYS);
}

export function ig_table(op: u32, index: u32, entries: usize, size: u32): i32 {
  const operator = operatorAt(op);
  if (operator.tables.has(index)) {
    const table = operator.tables.get(index);
    table.apply(entries, size);
    operator.table(index, table);
  }
  return collected(0);
}

/** Points the batch, and what the operator found in it at init, at the region. */
function begin(op: u32, address: usize): Operator {
  const operator = operatorAt(op);
  batch.attach(address);
  const source = batch.dataSource;
  const fields = operator.fields;
  for (let i = 0, n = fields.length; i < n; i++) {
    const field = unchecked(fields[i]);
    if (field.dataSource == source) field.bind(batch);
  }
  const columns = operator.columns;
  for (let i = 0, n = columns.length; i < n; i++) {
    const column = unchecked(columns[i]);
    if (column.dataSource == source) column.bind(batch);
  }
  return operator;
}

/**
 * The runtime `minimal` collects only when told. Here nothing on the stack is alive: what lives is reachable from
 * the registered operators.
 */
function collected(errno: i32): i32 {
  __collect();
  return errno;
}
