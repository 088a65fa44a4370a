/**
 * Reserves fd 1 for JSON-RPC lines. This file imports two Node modules only and does nothing until it is called, so that it
 * can run before any module that might print: one stray line ends a Dispatch session.
 */
import { Console } from "node:console";
import { Writable } from "node:stream";

type Streams = Pick<NodeJS.Process, "stdout" | "stderr">;

/** How much may wait in the stream before its writers have to wait: as much as a pipe holds on Linux. */
const BATCH_BYTES = 64 * 1024;

const claimed = new WeakMap<object, Writable>();
const ignore = () => undefined;

/**
 * Returns the only stream that still reaches stdout; what other code prints goes to stderr. A second call returns the same
 * stream. It emits `error` and `close` when the host is gone; listening is optional. Ending it leaves fd 1 open. Calls of
 * `fs` on fd 1 are not redirected. `sink`: what writes to stdout, when that is not the stream itself.
 */
export function claimStdout(streams: Streams = process, sink: Writable = streams.stdout): Writable {
  const { stdout, stderr } = streams;
  const earlier = claimed.get(stdout);
  if (earlier) return earlier;

  const write = sink.write.bind(sink);
  const frames = new Writable({
    highWaterMark: BATCH_BYTES,
    write: (chunk: Buffer, _encoding, done) => void write(chunk, (error) => done(error)),
    // Lines that arrived during the last write leave in one system call.
    writev: (lines, done) => void write(Buffer.concat(lines.map(({ chunk }) => chunk)), (error) => done(error)),
  });
  stdout.write = stderr.write.bind(stderr);
  // `end(text)` does not go through `write`.
  stdout.end = (...args: unknown[]) => {
    const [text, done] = [args[0], args.at(-1)];
    if (typeof text === "string" || text instanceof Uint8Array) stderr.write(text);
    if (typeof done === "function") done();
    return stdout;
  };
  globalThis.console = new Console(stderr, stderr);

  // A host may close its ends at any time: EPIPE without a listener would be an uncaught exception.
  frames.on("error", ignore);
  stderr.on("error", ignore);
  sink.on("error", (error) => void frames.destroy(error));
  claimed.set(stdout, frames);
  return frames;
}
