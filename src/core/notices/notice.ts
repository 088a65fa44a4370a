/** What a person is told of a run who does not sit beside it. */
import { clipCharacters } from "../../support/clip.ts";
import { dollars } from "../../support/money.ts";
import type { Approval, Outcome, OutcomeKind, RunRef, Usage } from "../events.ts";
import { costOf } from "../run/cost.ts";

/** What there are notices of. A run has at most one of its end, and one of each wait for a person. */
export const NOTICE_EVENTS = ["completed", "failed", "cancelled", "needs_approval", "cost"] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

export interface Notice {
  event: NoticeEvent;
  run: RunRef;
  /** The front end that the run was asked for by, e.g. `roder`. */
  host: string;
  status: OutcomeKind | "running";
  /** The beginning of the answer, why it failed, or what is to be decided. */
  text: string;
  usage?: Usage;
  durationMs?: number;
}

/** A notice with the name that it is claimed under: of all that have the same name one is sent. */
export interface Claimable {
  name: string;
  notice: Notice;
}

const MAX_TEXT_CHARACTERS = 500;
const EVENT_OF: Readonly<Record<OutcomeKind, NoticeEvent | undefined>> = {
  completed: "completed",
  failed: "failed",
  timed_out: "failed",
  blocked: "failed",
  cancelled: "cancelled",
  awaiting_approval: undefined, // the event said so, with what is to be decided
};

/** Returns nothing for a run that was not seen to end. */
export function noticeOfEnd(outcome: Outcome, host: string, durationMs?: number): Claimable | undefined {
  const { kind, run, error, usage, text } = outcome;
  const event = EVENT_OF[kind];
  if (!event || !run || outcome.open) return undefined;
  const said = kind === "completed" ? text : (error?.message ?? text);
  return {
    name: `end-${run.runId}`,
    notice: {
      event,
      run,
      host,
      status: kind,
      text: clipped(said),
      ...(usage ? { usage } : {}),
      ...(durationMs === undefined ? {} : { durationMs }),
    },
  };
}

export function noticeOfApproval(
  run: RunRef,
  host: string,
  { approvals, reason }: { approvals: readonly Approval[]; reason?: string },
): Claimable {
  const asked = approvals.map(({ tool, reason: why }) => (why ? `${tool}: ${why}` : tool)).join("; ");
  const ids = approvals.map(({ id }) => id).join(" ");
  return {
    name: `approval-${run.runId} ${ids}`,
    notice: { event: "needs_approval", run, host, status: "awaiting_approval", text: clipped(asked || (reason ?? "")) },
  };
}

/** Returns nothing for a run that has not cost as much as the mark, in millionths of a dollar. */
export function noticeOfCost(
  { run, host, status, usage }: Omit<Notice, "event" | "text">,
  mark: number | undefined,
): Claimable | undefined {
  const spent = costOf(usage);
  if (mark === undefined || spent === undefined || spent < mark) return undefined;
  const text = `has cost ${dollars(spent)}; you wanted to know from ${dollars(mark)} on`;
  return { name: `cost-${run.runId}`, notice: { event: "cost", run, host, status, text, ...(usage ? { usage } : {}) } };
}

function clipped(text: string): string {
  return clipCharacters(text.trim(), MAX_TEXT_CHARACTERS, "…");
}
