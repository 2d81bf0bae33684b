// Adds "username", from the side table of users, and "at", ns since 1970.
import { Batch, Column, Field, FieldFlag, Init, Operator, SideTable, StringColumn, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Users extends Operator {
  private users!: SideTable;
  private uid!: Field<u32>;
  private booted!: Field<u64>;
  private username!: StringColumn;
  private time!: Column<u64>;

  init(init: Init): void {
    const open = init.dataSource("open");
    this.users = init.sideTable(0);
    this.uid = open.field<u32>("proc.creds.uid");
    this.booted = open.field<u64>("timestamp_raw");
    this.username = open.addString("username", "proc");
    this.username.tag("type:username");
    this.time = open.add<u64>("at", "", FieldFlag.HIDDEN);
  }

  batch(batch: Batch): void {
    const username = this.username;
    const time = this.time;
    const bootOffset = <u64>batch.bootOffset;
    for (let i: u32 = 0; i < batch.selected; i++) {
      const row = batch.row(i);
      const name = this.users.find(this.uid.get(row));
      if (name) username.set(row, name);
      time.set(row, this.booted.get(row) + bootOffset);
    }
  }
}

register(new Users());
