/** One connection to a run's stream, watched: it is hung up when it falls silent. Figures: `seren-cloud-api` reference 4.7. */
import type { SerenClient } from "./client.ts";
import { parseSse, type SseFrame } from "./sse.ts";

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
  const alarm = (ms: number) => {
    const ring = () => {
      hungUp = true;
      stream.close();
    };
    let stop = client.ambient.timer(ms, ring);
    return {
      stop: () => stop(),
      restart() {
        stop();
        stop = client.ambient.timer(ms, ring);
      },
    };
  };
  const silence = alarm(SILENT_MS);
  const noFrame = alarm(NO_FRAME_MS);
  try {
    for await (const frames of parseSse(stream.body, { onActivity: silence.restart, onRetry: options.onRetry })) {
      silence.stop();
      noFrame.stop();
      yield frames;
      silence.restart();
      noFrame.restart();
    }
  } catch (error) {
    if (!hungUp) throw error;
  } finally {
    silence.stop();
    noFrame.stop();
    stream.close();
  }
}
