// Keeps opens by one uid of paths that start with a prefix: ig run trace_open --wasm-operator as-filter.wasm,prefix=/etc
import { Batch, Field, Init, Operator, StringField, Text, register } from "@ig/operator";
export * from "@ig/operator/exports";

class PrefixFilter extends Operator {
  private uid!: Field<u32>;
  private path!: StringField;
  private prefix!: Text;
  private wanted: u32 = 0;

  init(init: Init): void {
    const open = init.dataSource("open");
    this.uid = open.field<u32>("proc.creds.uid");
    this.path = open.string("fname");
    this.prefix = Text.of(init.param("prefix"));
    this.wanted = <u32>parseInt(init.param("uid"));
  }

  batch(batch: Batch): void {
    const uid = this.uid;
    const path = this.path;
    const prefix = this.prefix;
    const wanted = this.wanted;
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      if (uid.get(row) == wanted && path.startsWith(row, prefix)) batch.keep(row);
    }
    batch.done();
  }
}

register(new PrefixFilter());
