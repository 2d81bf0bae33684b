// Writes behind its memory, and behind 2^32.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  init(init: Init): void {}

  batch(batch: Batch): void {
    store<u64>(<usize>memory.size() * 65536 - 4, batch.selected);
  }
}

register(new Hostile());
