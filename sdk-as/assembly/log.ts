import { ig_log } from "./imports";
import { Text } from "./text";

export namespace Level {
  export const ERROR: i32 = 0;
  export const WARN: i32 = 1;
  export const INFO: i32 = 2;
  export const DEBUG: i32 = 3;
}

/** Lines in the run's log, under the operator's name. The host shows at most 4096 bytes of each, and counts instead when there are too many. */
export namespace log {
  export function error(text: string): void {
    line(Level.ERROR, text);
  }
  export function warn(text: string): void {
    line(Level.WARN, text);
  }
  export function info(text: string): void {
    line(Level.INFO, text);
  }
  export function debug(text: string): void {
    line(Level.DEBUG, text);
  }
  /** Without an allocation. */
  export function text(level: i32, text: Text): void {
    ig_log(level, text.address, text.size);
  }
}

function line(level: i32, value: string): void {
  log.text(level, Text.of(value));
}
