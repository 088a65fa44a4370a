/** A child's stdout as an operating system pipe: it holds 64 KiB, and a writer waits while it is full. */
import { Writable } from "node:stream";

const PIPE_BYTES = 64 * 1024;
const READ_BYTES = 8 * 1024;

export class StdoutPipe extends Writable {
  #held = Buffer.alloc(0);
  #blocked: (() => void) | undefined;
  #reader: (() => void) | undefined;
  #over = false;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    if (this.#held.length < PIPE_BYTES) done();
    else this.#blocked = done;
    this.#reader?.();
  }

  override _final(done: () => void): void {
    this.#over = true;
    this.#reader?.();
    done();
  }

  /** Returns some bytes, or undefined at the end. */
  async read(): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
      this.#reader = undefined;
    }
    const bytes = this.#held.subarray(0, READ_BYTES);
    this.#held = this.#held.subarray(bytes.length);
    if (this.#held.length < PIPE_BYTES) {
      const go = this.#blocked;
      this.#blocked = undefined;
      go?.();
    }
    return bytes;
  }
}
