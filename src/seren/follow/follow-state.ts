/**
 * What a follower knows about its connections and about a pause of the run. `reduce` is the only place that changes it;
 * `run-follower.ts` shows the states it moves between.
 */
import { AWAITING_APPROVAL, leavesOpen } from "../client/status.ts";
import type { LiveState } from "../model.ts";

export interface FollowState {
  /** Connections in a row that brought no event. */
  readonly fruitless: number;
  /** Refused connections since the last one that brought an event. */
  readonly refused: number;
  /** This connection has repeated everything that happened before it was opened. */
  readonly replayed: boolean;
  /** The run waits for a person, as far as this connection has said. */
  readonly paused: boolean;
  /** The caller knows of the current pause. The stream is followed through it until the run goes on. */
  readonly pauseReported: boolean;
  /** Text of the first `error` frame. */
  readonly streamError: string | undefined;
}

export const INITIAL_STATE: FollowState = {
  fruitless: 0,
  refused: 0,
  replayed: false,
  paused: false,
  pauseReported: false,
  streamError: undefined,
};

export type FollowNews =
  | { type: "called" }
  | { type: "connecting" }
  | { type: "replayed" }
  | { type: "status"; status: string }
  | { type: "stream_error"; message: string | undefined }
  | { type: "disconnected"; progressed: boolean; refused: boolean }
  | { type: "returned"; status: string };

export function reduce(state: FollowState, news: FollowNews): FollowState {
  switch (news.type) {
    case "called":
      return { ...state, fruitless: 0, refused: 0 };
    case "connecting":
      return { ...state, replayed: false, paused: false };
    case "replayed":
      return { ...state, replayed: true };
    case "status": {
      const paused = news.status === AWAITING_APPROVAL;
      return { ...state, paused, pauseReported: paused && state.pauseReported };
    }
    case "stream_error":
      return { ...state, streamError: state.streamError ?? news.message };
    case "disconnected": {
      const refusal = news.refused ? 1 : 0;
      return news.progressed
        ? { ...state, fruitless: 0, refused: refusal }
        : { ...state, fruitless: state.fruitless + 1, refused: state.refused + refusal };
    }
    case "returned":
      return { ...state, pauseReported: news.status === AWAITING_APPROVAL };
  }
}

/** A pause that this connection has named is one, unless the live state says something else. */
export function withPause({ paused }: FollowState, live: LiveState): LiveState {
  return paused && leavesOpen(live) ? { ...live, status: AWAITING_APPROVAL, phase: AWAITING_APPROVAL } : live;
}
