import { ig_map_delete, ig_map_lookup, ig_map_open, ig_map_read, ig_map_update } from "./imports";
import { Errno } from "./errno";
import { Text } from "./text";

/** What an update may do. */
export namespace Update {
  /** Add the key or change its value. */
  export const ANY: u32 = 0;
  /** Only add it: EEXIST when it is there. */
  export const NEW: u32 = 1;
  /** Only change it: ENOENT when it is not there. */
  export const EXISTING: u32 = 2;
}

/** Words of what the host says about a map. */
namespace Info {
  export const TYPE: usize = 0;
  export const KEY_SIZE: usize = 4;
  export const VALUE_SIZE: usize = 8;
  export const MAX_ENTRIES: usize = 12;
  export const WRITABLE: usize = 16;
  export const BYTES: usize = 32;
}

/** Bytes that are read at once when going through a map. */
const CHUNK: u32 = 65536;

/**
 * A BPF map of the gadget's that the user granted: the manifest asks for `map:NAME`, or `map:NAME:rw` to write. Each call is one of
 * the host, and of the kernel: for what happens seldom, or once per batch. After `open`, nothing allocates.
 */
export class BpfMap {
  /** Why it could not be opened: NOTCAPABLE (not granted), NOENT (no such map, or a replay); SUCCESS when it was. */
  readonly errno: i32;
  /** The kernel's enum bpf_map_type. */
  readonly type: u32;
  readonly keySize: u32;
  /** Bytes of a value; for a per-CPU map those of all CPUs, each rounded up to 8. */
  readonly valueSize: u32;
  readonly maxEntries: u32;
  readonly writable: bool;
  private readonly id: i32;
  private readonly keyAt: usize;
  private readonly valueAt: usize;
  private entries: usize = 0;
  private room: u32 = 0;
  private count: u32 = 0;
  private at: u32 = 0;
  private started: bool = false;
  private left: u32 = 0;

  private constructor(name: Text) {
    const info = heap.alloc(Info.BYTES);
    memory.fill(info, 0, Info.BYTES);
    const id = ig_map_open(name.address, name.size, info);
    this.id = id;
    this.errno = id < 0 ? -id : Errno.SUCCESS;
    this.type = load<u32>(info, Info.TYPE);
    this.keySize = load<u32>(info, Info.KEY_SIZE);
    this.valueSize = load<u32>(info, Info.VALUE_SIZE);
    this.maxEntries = load<u32>(info, Info.MAX_ENTRIES);
    this.writable = load<u32>(info, Info.WRITABLE) != 0;
    // At least 8 bytes each, for numbers.
    this.keyAt = heap.alloc(round8(load<u32>(info, Info.KEY_SIZE)) + 8);
    this.valueAt = heap.alloc(round8(load<u32>(info, Info.VALUE_SIZE)) + 8);
    heap.free(info);
  }

  /** Opens a map by the name that it has in the gadget's program; look at `errno`. */
  static open(name: string): BpfMap {
    return new BpfMap(Text.of(name));
  }

  /** Address of the key's value, valid until the next call; 0 when it has none. K is a number of the key's size. */
  find<K>(key: K): usize {
    this.put<K>(key);
    return this.findAt(this.keyAt);
  }

  /** The same for a key of `keySize` bytes in memory. */
  findAt(key: usize): usize {
    return this.id >= 0 && ig_map_lookup(this.id, key, this.valueAt) == 0 ? this.valueAt : 0;
  }

  /** Sets the value of a key; an errno. K and V are numbers of the map's sizes. */
  set<K, V>(key: K, value: V, update: u32 = Update.ANY): i32 {
    assert(sizeof<V>() == this.valueSize, "the map's values have another size");
    this.put<K>(key);
    store<V>(this.valueAt, value);
    return this.setAt(this.keyAt, this.valueAt, update);
  }

  /** The same for a key and a value in memory. */
  setAt(key: usize, value: usize, update: u32 = Update.ANY): i32 {
    return this.id < 0 ? this.errno : -ig_map_update(this.id, key, value, update);
  }

  /** Takes a key out; whether it was there. */
  delete<K>(key: K): bool {
    this.put<K>(key);
    return this.id >= 0 && ig_map_delete(this.id, this.keyAt) == 0;
  }

  /** Goes to the start: then, while `next()`, there is an entry at `key` and `value`. A map that programs change meanwhile may show one twice or miss it. */
  rewind(): void {
    this.count = 0;
    this.at = 0;
    this.started = false;
    // Whatever programs do meanwhile, it ends.
    this.left = 2 * this.maxEntries + 1;
  }

  next(): bool {
    if (this.id < 0 || !this.left) return false;
    this.left--;
    if (this.started && this.at + 1 < this.count) {
      this.at++;
      return true;
    }
    if (!this.entries) {
      this.room = max(CHUNK, this.entrySize);
      this.entries = heap.alloc(this.room);
    }
    // The last key has to outlive the read that overwrites it.
    const after: usize = this.started ? this.keyAt : 0;
    if (this.started) memory.copy(this.keyAt, this.key, this.keySize);
    const got = ig_map_read(this.id, after, this.entries, this.room);
    this.started = true;
    this.count = got > 0 ? got : 0;
    this.at = 0;
    if (!this.count) this.left = 0;
    return this.count > 0;
  }

  /** Address of the entry's key. */
  get key(): usize {
    return this.entries + <usize>this.at * this.entrySize;
  }

  /** Address of the entry's value. */
  get value(): usize {
    return this.key + round8(this.keySize);
  }

  private get entrySize(): u32 {
    return round8(this.keySize) + round8(this.valueSize);
  }

  private put<K>(key: K): void {
    assert(this.id < 0 || sizeof<K>() == this.keySize, "the map's keys have another size");
    store<K>(this.keyAt, key);
  }
}

// @ts-ignore: decorator
@inline
function round8(size: u32): u32 {
  return (size + 7) & ~7;
}
