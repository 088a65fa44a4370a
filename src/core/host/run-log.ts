/** The runs of this process in its log, at level `info`: ids, durations, kinds and figures; never a prompt or an answer. */
import type { Log, LogFields } from "../../support/log.ts";
import type { RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import type { RunCounts } from "./run-counters.ts";
import type { RunResult, RunWatcher } from "./run-watchers.ts";

export function createRunLog(log: Log): RunWatcher {
  return {
    opened: ({ key, request }) => log("info", "run opened", { key, ...requestFields(request) }),
    started: ({ key, run }) => log("info", "run started", { key, ...runFields(run) }),
    ended: ({ key, run, result, durationMs }) =>
      log("info", "run ended", { key, ...runFields(run), ...resultFields(result), duration_ms: durationMs }),
  };
}

/** Counts as fields of one log line: outcomes under their kind, failures with the prefix `failure_`. */
export function countFields({ opened, active, outcomes, failures, inputTokens, outputTokens }: RunCounts): LogFields {
  const byFailure = Object.entries(failures).map(([kind, count]) => [`failure_${kind}`, count]);
  return {
    runs: opened,
    active,
    ...outcomes,
    ...Object.fromEntries(byFailure),
    input_tokens: inputTokens,
    output_tokens: outputTokens,
  };
}

function requestFields({ target, attachTo, operation, detach }: RunRequest): LogFields {
  return {
    target: target.kind,
    ...(target.kind === "deployment" ? { deployment_id: target.deploymentId } : {}),
    ...(target.kind === "workload" ? { deployment: target.name } : {}),
    ...(attachTo === undefined ? {} : { run_id: attachTo }),
    ...(operation === undefined ? {} : { operation }),
    ...(detach ? { detach } : {}),
  };
}

function runFields(run: RunRef | undefined): LogFields {
  return run ? { run_id: run.runId, deployment_id: run.deploymentId } : {};
}

function resultFields(result: RunResult): LogFields {
  if ("failure" in result) return { failure: result.failure.kind };
  const { kind, stoppedBy, usage, artifacts } = result.outcome;
  return {
    outcome: kind,
    ...(stoppedBy ? { stopped_by: stoppedBy } : {}),
    ...(usage ? { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens } : {}),
    ...(usage?.computeUsd === undefined ? {} : { compute_usd: usage.computeUsd }),
    ...(usage?.inferenceUsd === undefined ? {} : { inference_usd: usage.inferenceUsd }),
    ...(artifacts.length > 0 ? { artifacts: artifacts.length } : {}),
  };
}
