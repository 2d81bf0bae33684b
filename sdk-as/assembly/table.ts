import { Text } from "./text";

/** A side table (users, groups …), kept up to date by the SDK: find it with `init.table`. */
export class SideTable {
  private readonly entries: Map<u32, Text> = new Map();

  get size(): i32 {
    return this.entries.size;
  }

  has(key: u32): bool {
    return this.entries.has(key);
  }

  /** The value of a key, or null. Allocates nothing. */
  find(key: u32): Text | null {
    return this.entries.has(key) ? this.entries.get(key) : null;
  }

  /** Called by the SDK with changes: op (1 set, 2 delete), key size, value size, key, value, padding to 4; and so on. */
  apply(address: usize, size: u32): void {
    const end = address + size;
    while (address + 12 <= end) {
      const op = load<u32>(address);
      const keySize = load<u32>(address, 4);
      const valueSize = load<u32>(address, 8);
      const key = address + 12;
      if (keySize == 4) {
        if (op == 1) this.entries.set(load<u32>(key), Text.copy(key + keySize, valueSize));
        else if (op == 2) this.entries.delete(load<u32>(key));
      }
      address = (key + keySize + valueSize + 3) & ~3;
    }
  }
}
