// A format operator: its output goes to the sink. Quotes in paths are doubled, as RFC 4180 wants.
import { Batch, Field, Init, Operator, Output, StringField, Text, register } from "@ig/operator";
export * from "@ig/operator/exports";

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const NEWLINE: u8 = 0x0a;

class Csv extends Operator {
  private pid!: Field<u32>;
  private path!: StringField;
  private output: Output = new Output();
  private header: Text = Text.of("pid,path\n");

  init(init: Init): void {
    const open = init.dataSource("open");
    this.pid = open.field<u32>("proc.pid");
    this.path = open.string("fname");
  }

  start(batch: Batch): void {
    const output = this.output;
    output.clear();
    output.text(this.header);
    batch.output(output);
  }

  batch(batch: Batch): void {
    const output = this.output;
    output.clear();
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      output.uint(this.pid.get(row));
      output.byte(COMMA);
      this.quoted(row);
      output.byte(NEWLINE);
    }
    batch.output(output);
  }

  private quoted(row: u32): void {
    const output = this.output;
    const path = this.path.address(row);
    const size = this.path.size(row);
    output.byte(QUOTE);
    for (let i: usize = 0; i < size; i++) {
      const byte = load<u8>(path + i);
      if (byte == QUOTE) output.byte(QUOTE);
      output.byte(byte);
    }
    output.byte(QUOTE);
  }
}

register(new Csv());
