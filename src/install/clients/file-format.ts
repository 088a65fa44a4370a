/** A client's file: reading our entry in it, and texts with the entry and without it. Every other byte stays. */

export interface FileFormat {
  /** Returns the value of the file. Throws for a text of another format. */
  parse(text: string): unknown;
  /** Returns the text with `entry` at `path`. */
  put(text: string, path: readonly string[], entry: object): string;
  /** Returns the text without what is at `path`. */
  remove(text: string, path: readonly string[]): string;
}
