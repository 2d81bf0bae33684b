// Keeps more in every batch, until its memory has no more.
import { Batch, Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  private readonly kept: Array<StaticArray<u8>> = [];

  init(init: Init): void {}

  batch(batch: Batch): void {
    while (true) this.kept.push(new StaticArray<u8>(1 << 20));
  }
}

register(new Hostile());
