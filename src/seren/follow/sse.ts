/** Parses the bytes of an event stream into frames, with a limit for each frame. The parser is `eventsource-parser`. */
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import { ExecutionFailure } from "../../support/failure.ts";

/** Longest single frame, in characters. A longer one ends the stream with a `contract` failure. */
export const MAX_FRAME_CHARACTERS = 4 * 1024 * 1024;

/**
 * Lines that mean nothing are ignored, as the format says. The parser makes an `Error` of each, which costs 100 times the
 * reading of it; after so many of them they are made comments before it sees them.
 */
const MAX_MEANINGLESS = 100;
const MEANINGLESS = /(?<=[\r\n])(?!(?:data|event|id)[:\r\n]|retry: ?\d{1,15}[\r\n]|:)[^\r\n]+(?=[\r\n])/g;

export type SseFrame = EventSourceMessage;

export class SseParser {
  readonly #parser: EventSourceParser;
  readonly #decoder = new TextDecoder(); // also drops a byte-order mark, which the parser would take for text
  #ready: SseFrame[] = [];
  #overflow = false;
  #meaningless = 0;

  /**
   * `onRetry` gets the value of the server's `retry:` field, in milliseconds; `onUnknown` the lines with another name, as far
   * as they are looked at.
   */
  constructor(onRetry?: (ms: number) => void, onUnknown?: (name: string, value: string) => void) {
    this.#parser = createParser({
      maxBufferSize: MAX_FRAME_CHARACTERS,
      onEvent: (frame) => this.#ready.push(frame),
      onRetry: (ms) => onRetry?.(ms),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#overflow = true;
        else this.#meaningless += 1;
        if (error.type === "unknown-field") onUnknown?.(error.field ?? "", error.value ?? "");
      },
    });
  }

  /**
   * Returns the frames that these bytes complete. After a frame that is too large, the frames before it are returned first;
   * the next call throws `contract`.
   */
  feed(bytes: Uint8Array): SseFrame[] {
    if (!this.#overflow) {
      const text = this.#decoder.decode(bytes, { stream: true });
      this.#parser.feed(this.#meaningless < MAX_MEANINGLESS ? text : text.replace(MEANINGLESS, ":"));
    }
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
