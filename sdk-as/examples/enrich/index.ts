// Adds a column "opener": comm[pid].
import { Batch, Field, Init, Operator, StringColumn, StringField, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Opener extends Operator {
  private comm!: StringField;
  private pid!: Field<u32>;
  private opener!: StringColumn;

  init(init: Init): void {
    const open = init.dataSource("open");
    this.comm = open.string("proc.comm");
    this.pid = open.field<u32>("proc.pid");
    this.opener = open.addString("opener");
    this.opener.annotate("description", "Process that opened the file");
    this.opener.annotate("columns.width", "24");
  }

  batch(batch: Batch): void {
    const comm = this.comm;
    const pid = this.pid;
    const opener = this.opener;
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      const text = opener.begin(row);
      text.field(comm, row);
      text.byte(0x5b); // [
      text.uint(pid.get(row));
      text.byte(0x5d); // ]
      opener.finish();
    }
  }
}

register(new Opener());
