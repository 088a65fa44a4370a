/**
 * One connection to a run's stream, watched: it is closed when it falls silent. Figures:
 * `docs/reference/seren-cloud-api.md`, section 4.7.
 */
import { Watchdog } from "../../support/watchdog.ts";
import type { SerenClient } from "../client/client.ts";
import { type SseFrame, SseParser } from "./sse.ts";

/** The connection is closed when no byte arrives for this long. */
const SILENT_MS = 60_000;
/** The connection is closed when only keep-alive comments arrive for this long. */
const NO_FRAME_MS = 180_000;

export interface StreamOptions {
  client: SerenClient;
  runId: string;
  lastEventId: string | undefined;
  signal: AbortSignal;
  /** Closes the connection, as its silence would. */
  hangUp: AbortSignal;
  /** `retry:` of the server, in milliseconds. */
  onRetry(ms: number): void;
}

/**
 * Yields the frames of the stream, those that arrived together in one array. Returns when the stream ends or is closed, for
 * its silence or by `hangUp`; rejects with the failure of the connection, and with the signal's reason. The time that the caller takes for
 * the frames does not count as silence.
 */
export async function* runFrames(options: StreamOptions): AsyncGenerator<SseFrame[], void, void> {
  const { client, signal, hangUp } = options;
  const stream = await client.openRunStream(options.runId, options.lastEventId, signal);
  let closedByUs = false;
  const close = () => {
    closedByUs = true;
    stream.close();
  };
  hangUp.addEventListener("abort", close, { once: true });
  const silence = new Watchdog(client.ambient, SILENT_MS, close);
  const noFrame = new Watchdog(client.ambient, NO_FRAME_MS, close);
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
    if (!closedByUs) throw error;
  } finally {
    silence.stop();
    noFrame.stop();
    stream.close();
  }
}
