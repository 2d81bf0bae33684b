// Recurses without end, over the engine's stack.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  private deeper(n: u32): u32 {
    return this.deeper(n + 1) ^ n;
  }

  init(init: Init): void {}

  batch(batch: Batch): void {
    if (this.deeper(batch.selected) == 1) batch.truncate(0);
  }
}

register(new Hostile());
