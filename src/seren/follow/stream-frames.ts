/** What the frames of a run's stream say. Frame names: `docs/reference/seren-cloud-api.md`, section 4. */
import { parseObject } from "../../support/objects.ts";
import { UNREADABLE_STATE } from "../client/status.ts";
import { readMessage } from "../http/problem.ts";
import { readLiveState, readSnapshot, readStatus } from "../mapping/answers.ts";
import type { LiveState } from "../model.ts";
import { type RunCursor, sequenceIn } from "./run-cursor.ts";
import type { SseFrame } from "./sse.ts";

/** Names by which older services end a stream, besides `end`. */
const END_FRAMES = new Set(["end", "done", "run.completed", "run.failed", "run.cancelled", "run.canceled"]);

export type EventRow = Record<string, unknown>;

export type StreamSignal =
  | { kind: "event"; event: EventRow; id: string | undefined }
  /** A frame whose data is not known. `isEvent`: it was meant to be an event of the log. */
  | { kind: "unreadable"; id: string | undefined; isEvent: boolean }
  | { kind: "state"; state: LiveState }
  | { kind: "replayed" }
  /** Legacy: the whole run so far, sent again with every change. */
  | { kind: "snapshot"; runId: string; status: string; eventRows: readonly unknown[] }
  /** The run has ended, with this status where the frame says it. */
  | { kind: "end"; status: string }
  /** The stream stops at a limit of its own, or with an error. Says nothing about the run. */
  | { kind: "closing"; message?: string | undefined };

export function readFrame(frame: SseFrame): StreamSignal {
  const { event: name = "message", id } = frame;
  const data = parseObject(frame.data);
  if (END_FRAMES.has(name)) return { kind: "end", status: readStatus(data) };
  switch (name) {
    case "run.event":
    case "message":
      return data ? { kind: "event", event: data, id } : { kind: "unreadable", id, isEvent: name === "run.event" };
    case "run.state":
      return { kind: "state", state: readLiveState(data, "") ?? UNREADABLE_STATE };
    case "run":
      return { kind: "snapshot", ...readSnapshot(data?.data ?? data) };
    case "replay_complete":
      return { kind: "replayed" };
    case "timeout":
      return { kind: "closing" };
    case "error":
      return { kind: "closing", message: readMessage(frame.data) };
    default:
      return { kind: "unreadable", id, isEvent: false };
  }
}

export interface ContiguousEvents {
  events: EventRow[];
  /** Id of the last event's frame. */
  lastId: string | undefined;
}

/**
 * Returns the events of `frames`, from index `start` on, that continue the cursor without a gap or a repeat. They may be
 * handed on together, which costs a fraction of handing them on one by one. Does not move the cursor.
 */
export function takeContiguous(cursor: RunCursor, frames: readonly SseFrame[], start: number): ContiguousEvents {
  const events: EventRow[] = [];
  let lastId: string | undefined;
  for (let index = start; index < frames.length; index += 1) {
    const frame = frames[index];
    if (frame?.event !== "run.event") break;
    const event = parseObject(frame.data);
    if (!event || !cursor.continuesWith(sequenceIn(event, frame.id), events.length)) break;
    events.push(event);
    lastId = frame.id;
  }
  return { events, lastId };
}
