// Does not end when the run does.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  private turns: u64 = 0;

  init(init: Init): void {}

  stop(batch: Batch): void {
    while (batch.selected == 0) this.turns++;
  }
}

register(new Hostile());
