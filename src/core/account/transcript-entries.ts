/** All that is known of a run, as it is now: to be kept. */
import type { Approval, Artifact, ExecutionEvent, Outcome, RunRef, Usage } from "../events.ts";
import type { EarlierRun } from "./earlier-run.ts";
import type { RunState } from "./organization.ts";

/** What a person decided about what the run waited for. */
export interface Decision {
  type: "decision";
  decision: string;
}

export interface TranscriptEntry {
  /** Adjacent pieces of a text are one. */
  event: ExecutionEvent | Decision;
  /** How long a thought or a tool took, where the service says it. */
  tookMs?: number;
  /** What a wait for an approval and the decision about it have in common. */
  about?: string;
}

export interface RunTranscript {
  run: RunRef;
  state: RunState;
  detail?: string;
  input?: EarlierRun["input"];
  /** Milliseconds since the epoch, as the record has them. The service states no times of single events. */
  createdAt?: number;
  startedAt?: number;
  endedAt?: number;
  readAt: number;
  entries: TranscriptEntry[];
  /** What waits for a person. */
  approvals: Approval[];
  artifacts: Artifact[];
  usage?: Usage;
  /** Once the run has ended. */
  outcome?: Outcome;
  /** Whether everything that the run has said so far is in it. */
  isWhole: boolean;
}

/** Adds an entry; a piece that goes on with the text before it becomes a part of that. */
export function addEntry(entries: TranscriptEntry[], entry: TranscriptEntry): void {
  const last = entries.at(-1);
  const { event, tookMs } = entry;
  if (last && (event.type === "text" || event.type === "thinking") && last.event.type === event.type) {
    last.event = { type: event.type, text: last.event.text + event.text };
    // Of a part that is not stated nothing is known, so neither of the whole.
    if (tookMs === undefined || last.tookMs === undefined) delete last.tookMs;
    else last.tookMs += tookMs;
  } else entries.push({ ...entry });
}
