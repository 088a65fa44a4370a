/** A running hash over the lines of a trace, which are kept on request only. */
export class Trace {
  readonly lines: string[] | undefined;
  #hash = 0x811c9dc5;

  constructor(keepLines = false) {
    this.lines = keepLines ? [] : undefined;
  }

  note(line: string): void {
    for (let index = 0; index < line.length; index += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    }
    this.lines?.push(line);
  }

  /** Eight hex digits (FNV-1a over UTF-16 units). */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }
}
