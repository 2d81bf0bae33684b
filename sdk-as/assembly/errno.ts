/** WASI preview 1 error numbers, as far as the ABI names them. */
export namespace Errno {
  export const SUCCESS: i32 = 0;
  export const TOOBIG: i32 = 1;
  export const ACCES: i32 = 2;
  export const AGAIN: i32 = 6;
  export const BADF: i32 = 8;
  export const BUSY: i32 = 10;
  export const EXIST: i32 = 20;
  export const INVAL: i32 = 28;
  export const NOENT: i32 = 44;
  export const NOMEM: i32 = 48;
  export const NOSPC: i32 = 51;
  export const NOSYS: i32 = 52;
  export const NOTSUP: i32 = 58;
  export const OVERFLOW: i32 = 61;
  export const PERM: i32 = 63;
  export const PROTO: i32 = 65;
  export const NOTCAPABLE: i32 = 76;
}
