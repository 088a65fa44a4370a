/**
 * Reserves fd 1 for frames. Imports nothing but two Node modules and does nothing until it is called, so that it can run
 * before any module that might print: one stray line ends a Dispatch session.
 */
import { Console } from "node:console";
import { Writable } from "node:stream";

type Streams = Pick<NodeJS.Process, "stdout" | "stderr">;

/** What may wait here before whoever writes has to wait, too: as much as a pipe holds on Linux. */
const BATCH_BYTES = 64 * 1024;

const claimed = new WeakMap<object, Writable>();
const ignore = () => undefined;

/**
 * The only way to stdout from now on; what anybody else prints goes to stderr. A second call answers the same stream.
 * A host that is gone shows as `error` and `close` of the returned stream; nobody has to listen. Ending it leaves fd 1
 * open. `fs` calls on fd 1 are out of reach.
 */
export function claimStdout(streams: Streams = process): Writable {
  const { stdout, stderr } = streams;
  const earlier = claimed.get(stdout);
  if (earlier) return earlier;

  const write = stdout.write.bind(stdout);
  const frames = new Writable({
    highWaterMark: BATCH_BYTES,
    write: (chunk: Buffer, _encoding, done) => void write(chunk, (error) => done(error)),
    // Lines that came while the last ones were being written leave in one system call.
    writev: (lines, done) => void write(Buffer.concat(lines.map(({ chunk }) => chunk)), (error) => done(error)),
  });
  stdout.write = stderr.write.bind(stderr);
  // `end(text)` writes without going through `write`.
  stdout.end = (...args: unknown[]) => {
    const [text, done] = [args[0], args.at(-1)];
    if (typeof text === "string" || text instanceof Uint8Array) stderr.write(text);
    if (typeof done === "function") done();
    return stdout;
  };
  globalThis.console = new Console(stderr, stderr);

  // Both hosts may close their ends at any time: EPIPE without a listener would be an uncaught exception.
  frames.on("error", ignore);
  stderr.on("error", ignore);
  stdout.on("error", (error) => void frames.destroy(error));
  claimed.set(stdout, frames);
  return frames;
}
