/**
 * stdout when it is a file. Node's stream for that takes a write of which the disk had room for a part as done: a full disk
 * would cut the last lines without a word, and the program would end as if all were well.
 */
import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";

/** Returns a stream that writes the file of `stream` whole or fails; `stream` itself when it leads to anything else. */
export function wholeOutput<T extends Writable>(stream: T & { fd?: number }): T | Writable {
  const { fd } = stream;
  if (fd === undefined || !isFile(fd)) return stream;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
      } catch (error) {
        return done(error as Error);
      }
      done();
    },
  });
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // it is closed
  }
}
