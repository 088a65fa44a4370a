/** Frames of a server-sent event stream, and what can happen to one on its way. */

export interface StreamFrame {
  name: string;
  id: string | undefined;
  /** JSON text on one line. */
  data: string;
}

/**
 * What the connection does next: it carries text, carries nothing for `stallMs` (`undefined`: until it is closed),
 * breaks (`lose`) or ends as after a complete stream (`finish`).
 */
export type StreamPiece = string | { stallMs: number | undefined } | "lose" | "finish";

/** Rewrites frames on their way out: this is where faults come in. */
export interface FrameRewriter {
  /** Whether `run.state` comes before the replay. */
  readonly stateFirst: boolean;
  rewrite(frame: StreamFrame): StreamPiece[];
}

export function encodeStreamFrame(frame: StreamFrame): string {
  const id = frame.id === undefined ? "" : `id: ${frame.id}\n`;
  return `${id}event: ${frame.name}\ndata: ${frame.data}\n\n`;
}
