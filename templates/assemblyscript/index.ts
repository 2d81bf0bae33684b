// Keeps files below a folder: ig run trace_open --wasm-operator build/{{name}}.wasm,prefix=/etc/
import { Batch, Init, Operator, StringField, Text, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Filter extends Operator {
  private path!: StringField;
  private prefix!: Text;

  // Called once. What is looked up here is what the host fills in; a field that is not there ends the run.
  init(init: Init): void {
    this.path = init.dataSource("open").string("fname");
    this.prefix = Text.of(init.param("prefix"));
  }

  // Called for each batch: some rows, some hundreds. Constants outside of the loop are faster than fields of `this`.
  batch(batch: Batch): void {
    const path = this.path;
    const prefix = this.prefix;
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      if (path.startsWith(row, prefix)) batch.keep(row);
    }
    batch.done();
  }
}

register(new Filter());
