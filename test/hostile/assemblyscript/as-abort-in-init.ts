// Reads past the end of an array before there are batches.
import { Init, Operator, register } from "@ig/operator";
export * from "@ig/operator/exports";

class Hostile extends Operator {
  init(init: Init): void {
    const names = init.param("names").split(",");
    if (names[1].length > 0) init.fail(1, "unreachable");
  }
}

register(new Hostile());
