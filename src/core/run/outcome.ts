/** Outcomes, made from the record of a run. What the record says wins over what was asked for. */
import {
  type ArtifactListing,
  CONVERSATION_AWAITING,
  ENDED_STATUS,
  type PendingApproval,
  REFUSED_TURN,
  type Run,
  type RunEnding,
} from "../../seren/index.ts";
import type { StopCause } from "../../support/abort.ts";
import { clipCharacters } from "../../support/clip.ts";
import { lookUp } from "../../support/objects.ts";
import type { Approval, Artifact, Outcome, RunRef, Usage } from "../events.ts";
import { cutOf } from "./cut-answer.ts";
import { isInterrupted } from "./resumption.ts";
import { MAX_ARTIFACTS, type Transcript } from "./transcript.ts";

const MAX_TOOL_CHARACTERS = 1_000;
const MAX_REASON_CHARACTERS = 8_000;

/** Returns undefined for a record without tokens and costs. */
export function usageOf(record: Run): Usage | undefined {
  const inputTokens = Math.trunc(record.inputTokens ?? 0);
  const outputTokens = Math.trunc(record.outputTokens ?? 0);
  const known = inputTokens > 0 || outputTokens > 0 || record.computeCostUsd || record.inferenceCostUsd;
  if (!known) return undefined;
  return {
    inputTokens,
    outputTokens,
    ...(record.computeCostUsd ? { computeUsd: record.computeCostUsd } : {}),
    ...(record.inferenceCostUsd ? { inferenceUsd: record.inferenceCostUsd } : {}),
    ...(record.executionTimeMs ? { durationMs: record.executionTimeMs } : {}),
  };
}

/** `known`: the same run, where more is known of it than the record may say. */
export function runRefOf(record: Run, known?: RunRef): RunRef {
  const conversationId = record.conversationId ?? known?.conversationId;
  return {
    runId: record.id,
    deploymentId: record.deploymentId ?? known?.deploymentId ?? "",
    ...(record.sessionUrl ? { url: record.sessionUrl } : {}),
    ...(conversationId === undefined ? {} : { conversationId }),
  };
}

/** In events and outcomes, tools and reasons are clipped: they say that something waits, and nothing is decided by them. */
export function approvalsOf(pending: PendingApproval[]): Approval[] {
  return pending.map(({ id, tool, reason }) => ({
    id,
    tool: clipCharacters(tool, MAX_TOOL_CHARACTERS),
    ...(reason ? { reason: clipCharacters(reason, MAX_REASON_CHARACTERS) } : {}),
  }));
}

/** What a listing has of the artifacts of a run. */
export type Listed = Pick<ArtifactListing, "rows" | "hasMore">;

/**
 * Merges artifacts of events with the listing. Equal ids or addresses are one artifact; its title is in the listing. At most
 * `MAX_ARTIFACTS` are kept.
 */
export function mergeArtifacts(
  seen: ReadonlyMap<string, Artifact>,
  listed: Listed,
): { artifacts: Artifact[]; cut: boolean } {
  const merged = new Map(seen);
  const byAddress = new Map([...seen.values()].flatMap((one) => (one.uri ? [[one.uri, one]] : [])));
  for (const { id, kind, title, url, payload } of listed.rows) {
    const known = merged.get(id) ?? (url ? byAddress.get(url) : undefined);
    merged.set(known?.id ?? id, {
      ...known,
      id: known?.id ?? id,
      kind: known?.kind ?? kind,
      ...(title ? { title } : {}),
      ...(url ? { uri: url } : {}),
      ...(payload === undefined || payload === null ? {} : { payload }),
    });
  }
  const artifacts = [...merged.values()];
  return {
    artifacts: artifacts.slice(0, MAX_ARTIFACTS),
    cut: artifacts.length > MAX_ARTIFACTS || listed.hasMore === true,
  };
}

export interface EndedRun {
  record: Run;
  ending: RunEnding;
  transcript: Transcript;
  text: string;
  /** Default: those that events reported. */
  artifacts?: Artifact[];
  streamError?: string;
  stoppedBy?: StopCause;
  /** The run as it was known before: the record may say less. */
  run?: RunRef;
}

export function endedOutcome({
  record,
  run,
  ending,
  transcript,
  text,
  artifacts = [...transcript.artifacts.values()],
  streamError,
  stoppedBy,
}: EndedRun): Outcome {
  // The user did not ask for the cancel that our deadline sent.
  const kind = ending === "cancelled" && stoppedBy === "deadline" ? "timed_out" : ending;
  const usage = usageOf(record);
  const outcome: Outcome = { kind, run: runRefOf(record, run), text, artifacts, approvals: [] };
  if (usage) outcome.usage = usage;
  const stopReason = record.stopReason ?? transcript.stopReason;
  if (stopReason) outcome.stopReason = stopReason;
  if (stoppedBy) outcome.stoppedBy = stoppedBy;
  if (kind === "completed") {
    const cut = cutOf(stopReason) ?? cutOf(transcript.stopReason);
    if (cut) outcome.cut = cut;
    return outcome;
  }
  const message =
    transcript.firstError?.message ??
    streamError ??
    record.statusMessage ??
    (record.status === ENDED_STATUS ? ENDED_MESSAGE : undefined) ??
    DEFAULT_MESSAGES[kind] ??
    `the run ended: ${kind}`;
  const code = transcript.firstError?.code ?? "";
  outcome.error = {
    ...transcript.firstError,
    message:
      kind === "timed_out" && stoppedBy === "deadline" ? DEADLINE_MESSAGE : (lookUp(REFUSED_TURN, code) ?? message),
    ...(code === CONVERSATION_AWAITING ? { hint: "list_approvals" } : {}),
    ...(isInterrupted(record) ? { hint: "resume_run", hintRunId: record.id } : {}),
  };
  return outcome;
}

export interface UnfinishedRun {
  run: RunRef;
  transcript: Transcript;
  stoppedBy: StopCause;
  /** Why the run is not waited for any longer. */
  message: string;
}

/** Returns the outcome of a run that may still be going, with what it has produced so far. */
export function unfinishedOutcome({ run, transcript, stoppedBy, message }: UnfinishedRun): Outcome {
  return {
    kind: stoppedBy === "deadline" ? "timed_out" : "failed",
    run,
    text: transcript.text,
    error: { message },
    artifacts: [...transcript.artifacts.values()],
    approvals: [],
    open: true,
    stoppedBy,
  };
}

const DEADLINE_MESSAGE = "the time limit of the request was reached; the run was cancelled";

const ENDED_MESSAGE = "Seren Cloud says that the run is over, and not how it ended";

const DEFAULT_MESSAGES: Readonly<Record<string, string>> = {
  failed: "the run failed without giving a reason",
  cancelled: "the run was cancelled",
  timed_out: "the run reached its own time limit on Seren Cloud",
  blocked: "the run was blocked on Seren Cloud",
};
