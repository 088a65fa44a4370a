/**
 * One connection to a run's stream, watched: it is closed when it falls silent. Figures:
 * `docs/reference/seren-cloud-api.md`, section 4.7.
 */
import { Watchdog } from "../../support/watchdog.ts";
import type { SerenClient } from "../client/client.ts";
import { type SseFrame, SseParser } from "./sse.ts";

/** Without a byte for this long the connection is given up. */
const SILENT_MS = 60_000;
/** The same when only keep-alive comments arrive. */
const NO_FRAME_MS = 180_000;

export interface StreamOptions {
  client: SerenClient;
  runId: string;
  lastEventId: string | undefined;
  signal: AbortSignal;
  /** `retry:` of the server, in milliseconds. */
  onRetry(ms: number): void;
}

/**
 * Ends when the stream does and when it was hung up; rejects with the failure of the road, and with the signal's reason.
 * Time spent by the reader on frames is not the stream's silence.
 */
export async function* runFrames(options: StreamOptions): AsyncGenerator<SseFrame[], void, void> {
  const { client, signal } = options;
  const stream = await client.openRunStream(options.runId, options.lastEventId, signal);
  let hungUp = false;
  const hangUp = () => {
    hungUp = true;
    stream.close();
  };
  const silence = new Watchdog(client.ambient, SILENT_MS, hangUp);
  const noFrame = new Watchdog(client.ambient, NO_FRAME_MS, hangUp);
  const parser = new SseParser(options.onRetry);
  try {
    for await (const bytes of stream.body) {
      silence.alive();
      const frames = parser.feed(bytes);
      if (frames.length === 0) continue;
      silence.rest();
      noFrame.rest();
      yield frames;
      silence.alive();
      noFrame.alive();
    }
  } catch (error) {
    if (!hungUp) throw error;
  } finally {
    silence.stop();
    noFrame.stop();
    stream.close();
  }
}
