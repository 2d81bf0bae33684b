/** Kinds of field values (Inspektor Gadget's numbers). */
export namespace Kind {
  export const INVALID: u32 = 0;
  export const BOOL: u32 = 1;
  export const INT8: u32 = 2;
  export const INT16: u32 = 3;
  export const INT32: u32 = 4;
  export const INT64: u32 = 5;
  export const UINT8: u32 = 6;
  export const UINT16: u32 = 7;
  export const UINT32: u32 = 8;
  export const UINT64: u32 = 9;
  export const FLOAT32: u32 = 10;
  export const FLOAT64: u32 = 11;
  export const STRING: u32 = 12;
  export const CSTRING: u32 = 13;
  export const BYTES: u32 = 14;
  /** Or-ed with the kind of an element. */
  export const ARRAY: u32 = 0x10000000;
}

/** Bits of a field's flags. */
export namespace FieldFlag {
  export const EMPTY: u32 = 1;
  export const CONTAINER: u32 = 2;
  export const HIDDEN: u32 = 4;
  export const HAS_PARENT: u32 = 8;
  export const STATIC_MEMBER: u32 = 16;
  export const UNREFERENCED: u32 = 32;
}

/** The kind of a numeric type. */
// @ts-ignore: decorator
@inline
export function kindOf<T>(): u32 {
  if (isBoolean<T>()) return Kind.BOOL;
  if (isFloat<T>()) return sizeof<T>() == 4 ? Kind.FLOAT32 : Kind.FLOAT64;
  if (!isInteger<T>()) ERROR("a field's type is bool, an integer or a float; use string() for strings");
  const log2: u32 = sizeof<T>() == 1 ? 0 : sizeof<T>() == 2 ? 1 : sizeof<T>() == 4 ? 2 : 3;
  return (isSigned<T>() ? Kind.INT8 : Kind.UINT8) + log2;
}

/** Bytes of one value of a fixed-size kind, 0 for others. */
export function sizeOfKind(kind: u32): u32 {
  switch (kind) {
    case Kind.BOOL:
    case Kind.INT8:
    case Kind.UINT8: return 1;
    case Kind.INT16:
    case Kind.UINT16: return 2;
    case Kind.INT32:
    case Kind.UINT32:
    case Kind.FLOAT32: return 4;
    case Kind.INT64:
    case Kind.UINT64:
    case Kind.FLOAT64: return 8;
  }
  return 0;
}

export function kindName(kind: u32): string {
  if (kind & Kind.ARRAY) return "array of " + kindName(kind & ~Kind.ARRAY);
  switch (kind) {
    case Kind.BOOL: return "bool";
    case Kind.INT8: return "i8";
    case Kind.INT16: return "i16";
    case Kind.INT32: return "i32";
    case Kind.INT64: return "i64";
    case Kind.UINT8: return "u8";
    case Kind.UINT16: return "u16";
    case Kind.UINT32: return "u32";
    case Kind.UINT64: return "u64";
    case Kind.FLOAT32: return "f32";
    case Kind.FLOAT64: return "f64";
    case Kind.STRING:
    case Kind.CSTRING: return "string";
    case Kind.BYTES: return "bytes";
  }
  return "kind " + kind.toString();
}
