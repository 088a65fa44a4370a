/** The payload of an ended task. Clients get it in one event only, so the essentials are in the log as well. */
import type { TaskEvent } from "#protocols/roder-extension";
import type { Outcome, RunRef, SavedArtifact } from "../../../core/index.ts";
import { clipToWire, firstFitting, MAX_OBJECT_BYTES } from "../reporting/fit-line.ts";
import { artifactList, costs, tokenUsage } from "../reporting/outcome-data.ts";
import { headline } from "../reporting/outcome-text.ts";

const MAX_ARTIFACTS = 200;

type Payload = Extract<TaskEvent, { type: "completed" }>["result"]["payload"];

/** What became of the artifacts, or why none could be saved. */
export type Saved = readonly SavedArtifact[] | { problem: string };

export function toPayload(outcome: Outcome, saved?: Saved): Payload {
  const why = headline(outcome);
  const lean: Payload = {
    run_id: outcome.run?.runId ?? null,
    deployment_id: outcome.run?.deploymentId ?? null,
    conversation: outcome.run?.conversationId ?? null,
    url: outcome.run?.url ?? null,
    status: outcome.kind,
    stop_reason: outcome.stopReason ?? null,
    usage: tokenUsage(outcome),
    cost: costs(outcome),
    execution_time_ms: outcome.usage?.durationMs ?? null,
    ...(why === undefined ? {} : { error: { message: clipToWire(why, 4000), code: outcome.error?.code ?? null } }),
  };
  const text = outcome.text.toWellFormed();
  const artifacts = () => artifactList(outcome.artifacts, MAX_ARTIFACTS);
  const whole = { ...lean, artifacts: artifacts(), ...savedList(saved), text };
  // What is left out is in the log or on the page of the run. The answer is shortened last.
  const withoutArtifacts = () => ({ ...lean, artifacts: [], text, truncated: true });
  const clipped = () => ({ ...lean, artifacts: [], text: clipToWire(text, MAX_OBJECT_BYTES / 2), truncated: true });
  return firstFitting<Payload>([() => whole, withoutArtifacts, clipped]) ?? whole;
}

function savedList(saved: Saved | undefined): Payload {
  if (!saved) return {};
  if ("problem" in saved) return { saved_artifacts: [], save_problem: saved.problem };
  const rows = saved
    .slice(0, MAX_ARTIFACTS)
    .map(({ artifact: { id, kind, title = null }, ...how }) => ({ id, kind, title, ...how }));
  return { saved_artifacts: rows };
}

/** Returns the payload of a task that started a run and does not follow it. */
export function startedPayload(run: RunRef): Payload {
  const { runId, deploymentId, conversationId = null, url = null } = run;
  return { run_id: runId, deployment_id: deploymentId, conversation: conversationId, url, status: "started" };
}
