// Throws in every batch, with a message that would break a terminal.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  init(init: Init): void {}

  batch(batch: Batch): void {
    throw new Error("\x1b[2J\rig: all " + batch.selected.toString() + " rows are lost\n");
  }
}

register(new Hostile());
