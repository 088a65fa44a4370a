/** A value that does not print: string conversion, JSON and inspection all show a placeholder. */
import { inspect } from "node:util";

const PLACEHOLDER = "[secret]";

export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself. Call it where the bytes leave the process, nowhere else. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return PLACEHOLDER;
  }
  toJSON(): string {
    return PLACEHOLDER;
  }
  [inspect.custom](): string {
    return PLACEHOLDER;
  }
}
