/** What following a run yields and returns. */
import type { LiveState } from "../model.ts";
import type { LogEvents } from "./event-log-reader.ts";

export type FollowItem =
  | LogEvents
  /** `caughtUp`: every event up to this state has been handed on. */
  | { kind: "state"; state: LiveState; caughtUp: boolean }
  | { kind: "reconnecting" };

/** The service says that the run has ended or waits for a person. The run's record is authoritative. */
export interface FollowEnd {
  /** The stream ended by itself. Otherwise the run's state ended the following, and events may be missing. */
  complete: boolean;
  /** Status that the stream's end or the state named; it serves where the record cannot be read. */
  status: string;
  /** Text of the first `error` frame of the stream. */
  streamError?: string;
}
