/**
 * Bytes of UTF-8 that stay where they are: make them once (in `init`), compare and copy them as often as you like.
 * Making one allocates; using one does not.
 */
export class Text {
  /** Where the bytes are; valid as long as this object is. */
  readonly address: usize;

  private constructor(private readonly buffer: ArrayBuffer, readonly size: u32) {
    this.address = changetype<usize>(buffer);
  }

  static of(value: string): Text {
    const buffer = String.UTF8.encode(value);
    return new Text(buffer, buffer.byteLength);
  }

  /** A copy of `size` bytes. */
  static copy(address: usize, size: u32): Text {
    const buffer = new ArrayBuffer(size);
    memory.copy(changetype<usize>(buffer), address, size);
    return new Text(buffer, size);
  }

  toString(): string {
    return String.UTF8.decodeUnsafe(this.address, this.size);
  }
}

/** Whether `size` bytes are the same; reads only them. */
export function sameBytes(a: usize, b: usize, size: u32): bool {
  if (size >= 8) {
    // Words, the last of which may overlap the one before.
    const last: usize = size - 8;
    for (let i: usize = 0; i < last; i += 8) {
      if (load<u64>(a + i) != load<u64>(b + i)) return false;
    }
    return load<u64>(a + last) == load<u64>(b + last);
  }
  if (size >= 4) return load<u32>(a) == load<u32>(b) && load<u32>(a + size - 4) == load<u32>(b + size - 4);
  for (let i: usize = 0; i < size; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

/** Copies bytes to where nothing of them is. V8's `memory.copy` is a call out of the module: too dear for a few words. */
export function copyBytes(to: usize, from: usize, size: u32): void {
  if (size > 64) {
    memory.copy(to, from, size);
  } else if (size >= 8) {
    const last: usize = size - 8;
    for (let i: usize = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i));
    store<u64>(to + last, load<u64>(from + last));
  } else if (size >= 4) {
    store<u32>(to, load<u32>(from));
    store<u32>(to + size - 4, load<u32>(from + size - 4));
  } else {
    for (let i: usize = 0; i < size; i++) store<u8>(to + i, load<u8>(from + i));
  }
}

/** Bytes before the first NUL among the `limit` at `address`. */
export function lengthOf(address: usize, limit: u32): u32 {
  let i: usize = 0;
  // Eight at a time: the lowest set bit of the expression is in the first byte that is 0.
  for (; i + 8 <= limit; i += 8) {
    const word = load<u64>(address + i);
    const zeros = (word - 0x0101010101010101) & ~word & 0x8080808080808080;
    if (zeros) return <u32>i + <u32>(ctz(zeros) >> 3);
  }
  for (; i < limit; i++) {
    if (!load<u8>(address + i)) break;
  }
  return <u32>i;
}
