import { copyBytes, sameBytes } from "./text";

/**
 * Numbers texts: the first is 0, the next other one 1, and so on, up to a bound; to count by a name, say, without an
 * object per row. All memory is taken when it is made, but for the bytes of the texts, which grow as needed.
 */
export class Groups {
  /** Texts so far. */
  count: u32 = 0;
  /** u32 per place: number + 1, or 0. */
  private readonly places: usize;
  private readonly mask: u32;
  /** Per text: u32 hash, u32 offset, u32 size. */
  private readonly texts: usize;
  private bytes: usize;
  private used: u32 = 0;
  private room: u32 = 4096;

  constructor(readonly most: u32) {
    let places: u32 = 16;
    while (places < most * 2) places *= 2;
    this.mask = places - 1;
    this.places = heap.alloc(<usize>places * 4);
    this.texts = heap.alloc(<usize>most * 12);
    this.bytes = heap.alloc(this.room);
    memory.fill(this.places, 0, <usize>places * 4);
  }

  /** The number of a text, which is added when it is new; -1 when there is no room for it. */
  of(address: usize, size: u32): i32 {
    let hash: u32 = 0x811c9dc5;
    for (let i: u32 = 0; i < size; i++) hash = (hash ^ load<u8>(address + i)) * 0x01000193;
    let at = hash & this.mask;
    let place = this.places + (<usize>at << 2);
    for (let number = load<u32>(place); number; number = load<u32>(place)) {
      const text = this.texts + <usize>(number - 1) * 12;
      if (load<u32>(text) == hash && load<u32>(text, 8) == size && sameBytes(this.bytes + load<u32>(text, 4), address, size)) {
        return <i32>number - 1;
      }
      at = (at + 1) & this.mask;
      place = this.places + (<usize>at << 2);
    }
    return this.add(place, hash, address, size);
  }

  private add(place: usize, hash: u32, address: usize, size: u32): i32 {
    if (this.count == this.most) return -1;
    if (this.used + size > this.room) {
      this.room = max(this.room * 2, this.used + size);
      this.bytes = heap.realloc(this.bytes, this.room);
    }
    copyBytes(this.bytes + this.used, address, size);
    const text = this.texts + <usize>this.count * 12;
    store<u32>(text, hash);
    store<u32>(text, this.used, 4);
    store<u32>(text, size, 8);
    this.used += size;
    store<u32>(place, ++this.count);
    return <i32>this.count - 1;
  }

  /** Where the bytes of a text are, until the next `of`. */
  address(number: u32): usize {
    return this.bytes + load<u32>(this.texts + <usize>number * 12, 4);
  }

  size(number: u32): u32 {
    return load<u32>(this.texts + <usize>number * 12, 8);
  }

  /** Forgets all texts. */
  clear(): void {
    if (this.count) memory.fill(this.places, 0, <usize>(this.mask + 1) * 4);
    this.count = 0;
    this.used = 0;
  }
}
