/** Bytes of an event stream to frames, with a bound on each frame. Parsing itself is the library's. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ExecutionFailure } from "../support/failure.ts";

/** Longest single frame, in characters. A longer one ends the stream with a `contract` failure. */
export const MAX_FRAME_CHARACTERS = 4 * 1024 * 1024;

export type SseFrame = EventSourceMessage;

export interface SseWatch {
  /** Called for every chunk of bytes, comments included: the stream is alive. */
  onActivity?(): void;
  /** `retry:` of the server, in milliseconds. */
  onRetry?(ms: number): void;
}

/** The frames that each chunk completed, together: what is one read of the socket is one step of the reader. */
export async function* parseSse(
  chunks: AsyncIterable<Uint8Array>,
  watch: SseWatch = {},
): AsyncGenerator<SseFrame[], void, void> {
  const ready: SseFrame[] = [];
  let overflow = false;
  const parser = createParser({
    maxBufferSize: MAX_FRAME_CHARACTERS,
    onEvent: (frame) => ready.push(frame),
    onRetry: (ms) => watch.onRetry?.(ms),
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") overflow = true; // every other kind is an unknown field: ignored
    },
  });
  const decoder = new TextDecoder(); // also drops a byte-order mark, which the parser would take for text
  for await (const chunk of chunks) {
    watch.onActivity?.();
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (ready.length > 0) yield ready.splice(0);
    if (overflow) {
      throw new ExecutionFailure(
        "contract",
        `a frame of the run stream is longer than ${MAX_FRAME_CHARACTERS} characters`,
      );
    }
  }
}
