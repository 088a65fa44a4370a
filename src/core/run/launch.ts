/** From a request to a remote run: finds or creates the deployment, journals the intent, starts the run once. */
import { digestOf, endingOf, type RunTrace, type SerenClient, type StartedRun, startRun } from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Deploys } from "../deployment/deploys.ts";
import { resolveDeployment, untilReady } from "../deployment/resolve-deployment.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";

export interface Launch {
  client: SerenClient;
  deploys: Deploys;
  request: RunRequest;
  /** Marks the create call, so that the run can be found when its answer is lost. */
  requestId: string;
  signal: AbortSignal;
  /** Called with the deployment before each create call, which waits for it and is not made when it rejects. */
  beforeCreate(deploymentId: string): Promise<void>;
  /** Called when a create call may have started a run whose id is not known. */
  onLost(trace: RunTrace): void;
}

export type Launched =
  /** `isOnly`: no other run can have been started for this request. */
  | { kind: "run"; run: RunRef; isOnly: boolean }
  /** Finished before it had an id. */
  | { kind: "outcome"; outcome: Outcome };

/** Throws when no run was started, and `unknown_outcome` when it is not known whether one was. */
export async function* launch(options: Launch): AsyncGenerator<ExecutionEvent, Launched, void> {
  const { client, deploys, request, signal } = options;
  let deploymentId = yield* resolveDeployment({ client, deploys, request, signal });
  yield { type: "status", phase: "submitting" };
  let started: StartedRun;
  try {
    started = await submit(options, deploymentId);
  } catch (error) {
    const failure = asFailure(error);
    if (signal.aborted || (failure.kind !== "not_found" && failure.kind !== "invalid_input")) throw error;
    deploymentId = yield* anotherDeployment(options, deploymentId, failure);
    started = await submit(options, deploymentId);
  }
  if (started.kind === "inline") return { kind: "outcome", outcome: inlineOutcome(started.status, started.text) };
  const { conversationId } = request;
  const run = { runId: started.runId, deploymentId, ...(conversationId === undefined ? {} : { conversationId }) };
  return { kind: "run", run, isOnly: !started.uncertain };
}

async function submit(options: Launch, deploymentId: string): Promise<StartedRun> {
  const { client, request, requestId, signal } = options;
  const { message, conversationId, operation, inputs } = request;
  await options.beforeCreate(deploymentId);
  const since = client.ambient.now();
  try {
    return await startRun(client, deploymentId, { requestId, message, conversationId, operation, inputs }, { signal });
  } catch (error) {
    const isStop = signal.aborted && !(error instanceof ExecutionFailure);
    if (!isStop && asFailure(error).mayHaveStarted) {
      options.onLost({ requestId, deploymentId, since, conversationId, messageDigest: digestOf(message) });
    }
    throw error;
  }
}

/** Returns another deployment, or the same one when it is ready. The first refused the run, so nothing was started there. */
async function* anotherDeployment(
  { client, deploys, request, signal }: Launch,
  deploymentId: string,
  failure: ExecutionFailure,
): AsyncGenerator<ExecutionEvent, string, void> {
  if (failure.kind === "invalid_input") {
    const deployment = await client.getDeployment(deploymentId, { signal });
    const idle = deployment.status === "stopped" || deployment.status === "pending" || deployment.status === "building";
    if (!idle) throw failure;
    return yield* untilReady(client, deployment, signal);
  }
  const { target } = request;
  if (target.kind === "workload" && target.knownId === deploymentId) {
    return yield* resolveDeployment({ client, deploys, request, signal, ignoreKnown: true });
  }
  const where = target.kind === "deployment" ? ` (it comes from ${target.named})` : "";
  throw new ExecutionFailure("not_found", `the deployment does not exist on Seren Cloud${where}`, { cause: failure });
}

function inlineOutcome(status: string, text: string): Outcome {
  const ending = endingOf(status) ?? "completed";
  const outcome: Outcome = { kind: ending, text, artifacts: [], approvals: [] };
  if (ending !== "completed") outcome.error = { message: text || `the run ended: ${status}` };
  return outcome;
}
