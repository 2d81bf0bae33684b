// Calls a method of an object that there is not.
import { Batch, Init, Operator, register, Text } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  private text: Text | null = null;

  init(init: Init): void {}

  batch(batch: Batch): void {
    this.text!.toString();
  }
}

register(new Hostile());
