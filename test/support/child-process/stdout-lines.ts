/** Splits the bytes of a child's stdout into lines, independently of the program's own reader. */
const NEWLINE = 0x0a;

export class StdoutLines {
  readonly #onLine: (line: Buffer) => void;
  #rest: Buffer[] = [];

  /** `onLine` gets each line without its newline. */
  constructor(onLine: (line: Buffer) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#rest.push(chunk.subarray(start, end));
      const line = Buffer.concat(this.#rest);
      this.#rest = [];
      start = end + 1;
      this.#onLine(line);
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  /** What came after the last newline. */
  get rest(): string {
    return Buffer.concat(this.#rest).toString();
  }

  /** Forgets what came after the last newline. */
  clear(): void {
    this.#rest = [];
  }
}
