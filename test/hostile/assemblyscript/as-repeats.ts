// Selects the first row in the place of every row.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  init(init: Init): void {}

  batch(batch: Batch): void {
    const first = batch.row(0);
    for (let i: u32 = 0; i < batch.selected; i++) batch.place(i, first);
  }
}

register(new Hostile());
