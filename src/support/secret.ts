/** A value that is never printed: string conversion, JSON and inspection show a placeholder. */
import { inspect } from "node:util";

const PLACEHOLDER = "[secret]";

/** Reads a secret where it is kept, which may be a disk. May throw or reject. */
export type ReadSecret = () => Secret | Promise<Secret>;

export class Secret {
  readonly #value: string;
  /** What a person can do when the secret is refused, which depends on where it came from. Completes a sentence. */
  readonly ifRefused: string | undefined;

  constructor(value: string, ifRefused?: string) {
    this.#value = value;
    this.ifRefused = ifRefused;
  }
  /** Returns the value. To be called only where it leaves the process. */
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
