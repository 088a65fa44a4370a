/**
 * Finds the deployment of a run and creates it where there is none. One is created only for a workload of ours, and only
 * when no live deployment of that name exists.
 */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { ExecutionEvent } from "../events.ts";
import type { RunRequest } from "../request.ts";
import { BUILD_LIMIT_MS, buildFailure, pollMs } from "./build.ts";
import type { WorkloadTarget } from "./choose-deployment.ts";
import { homeOfConversation } from "./conversation-home.ts";
import type { Deploys } from "./deploys.ts";
import { pickMadeAhead } from "./family.ts";
import { findDeployment } from "./find-deployment.ts";
import { makeDeployment } from "./make-deployment.ts";

type Status = Extract<ExecutionEvent, { type: "status" }>;

export interface ResolveOptions {
  client: SerenClient;
  deploys: Deploys;
  request: Pick<RunRequest, "target" | "conversationId">;
  signal: AbortSignal;
  /** Do not use `knownId` of the target: it was refused. Default false. */
  ignoreKnown?: boolean;
}

/** Returns the id to run on. A known id is not checked: creating a run on it shows soon enough whether it works. */
export async function* resolveDeployment({
  client,
  deploys,
  request: { target, conversationId },
  signal,
  ignoreKnown = false,
}: ResolveOptions): AsyncGenerator<Status, string, void> {
  if (target.kind === "deployment") return target.deploymentId;
  if (target.kind === "workload" && target.knownId && !ignoreKnown) return target.knownId;
  yield { type: "status", phase: "resolving" };
  if (target.kind === "conversation") return homeOfConversation(client, conversationId ?? "", signal);
  const { notes } = deploys;
  const found = await findUsable({ client, notes, target, signal });
  if (found.usable) return yield* untilReady(client, found.usable, signal);
  yield { type: "status", phase: "deploying", detail: target.name };
  const created = await deploys.join(target.name, signal, async (whileWanted) => {
    // Another request, or another process, may have created it since the list was read.
    const { usable, listed } = await findUsable({ client, notes, target, signal: whileWanted });
    return usable ?? makeDeployment({ client, notes, target, listed, signal: whileWanted });
  });
  return yield* untilReady(client, created, signal);
}

/** What somebody deployed on purpose comes before what was made for a turn. */
async function findUsable({
  target,
  ...options
}: Pick<ResolveOptions, "client" | "signal"> & { notes: Deploys["notes"]; target: WorkloadTarget }) {
  const { existing, listed } = await findDeployment({ ...options, name: target.name });
  const madeAhead = target.digest === undefined ? undefined : pickMadeAhead(listed, target.digest);
  return { usable: madeAhead ?? existing, listed };
}

/** Waits while the deployment is being built, and starts an always-on service that was stopped. Returns its id. */
export async function* untilReady(
  client: SerenClient,
  deployment: Deployment,
  signal: AbortSignal,
): AsyncGenerator<Status, string, void> {
  const { ambient } = client;
  const since = ambient.now();
  let current = deployment;
  let shown: string | undefined;
  let started = false;
  for (let looks = 0; ; looks += 1) {
    switch (current.status) {
      case "running":
        return current.id;
      case "stopped":
        if (current.mode !== "always_on") return current.id; // jobs run from scratch
        if (!started) await client.startDeployment(current.id, { signal });
        started = true;
        break;
      case "failed":
        throw buildFailure(current);
      case "pending":
      case "building":
        break;
      default:
        return current.id; // the create call shows whether it runs: "still starting" is a refusal that is waited out
    }
    if (shown !== current.status) yield { type: "status", phase: "deploying", detail: current.status };
    shown = current.status;
    const waited = ambient.now() - since;
    if (waited > BUILD_LIMIT_MS) {
      throw new ExecutionFailure(
        "unavailable",
        `the deployment was still ${current.status} after ten minutes; try again later`,
      );
    }
    await sleep(ambient, pollMs(looks, waited), signal);
    current = await client.getDeployment(current.id, { signal });
  }
}
