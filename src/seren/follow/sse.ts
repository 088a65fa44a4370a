/** Bytes of an event stream to frames, with a bound on each frame. Parsing itself is the library's. */
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import { ExecutionFailure } from "../../support/failure.ts";

/** Longest single frame, in characters. A longer one ends the stream with a `contract` failure. */
export const MAX_FRAME_CHARACTERS = 4 * 1024 * 1024;

export type SseFrame = EventSourceMessage;

export class SseParser {
  readonly #parser: EventSourceParser;
  readonly #decoder = new TextDecoder(); // also drops a byte-order mark, which the parser would take for text
  #ready: SseFrame[] = [];
  #overflow = false;

  /** `onRetry`: what the server's `retry:` says, in milliseconds. */
  constructor(onRetry?: (ms: number) => void) {
    this.#parser = createParser({
      maxBufferSize: MAX_FRAME_CHARACTERS,
      onEvent: (frame) => this.#ready.push(frame),
      onRetry: (ms) => onRetry?.(ms),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#overflow = true; // every other kind is an unknown field: ignored
      },
    });
  }

  /** The frames that these bytes complete. Throws a `contract` failure once there is nothing left before a frame too large. */
  feed(bytes: Uint8Array): SseFrame[] {
    if (!this.#overflow) this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
    const frames = this.#ready;
    if (frames.length > 0) {
      this.#ready = [];
    } else if (this.#overflow) {
      throw new ExecutionFailure(
        "contract",
        `a frame of the run stream is longer than ${MAX_FRAME_CHARACTERS} characters`,
      );
    }
    return frames;
  }
}
