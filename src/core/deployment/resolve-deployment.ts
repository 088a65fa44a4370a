/**
 * Finds the deployment of a run and creates it where there is none. One is created only for a workload of ours, and only
 * when no live deployment of that name exists.
 */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { oldestFirst } from "../../support/oldest-first.ts";
import type { SingleFlight } from "../../support/single-flight.ts";
import type { ExecutionEvent } from "../events.ts";
import type { Target } from "../request.ts";
import type { WorkloadTarget } from "./choose-deployment.ts";

const READY_LIMIT_MS = 10 * 60_000;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const SLOW_AFTER_MS = 60_000;
/** How long a deployment is searched for whose create call was lost, before the call is repeated. */
const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
const MAX_DEPLOY_CALLS = 2;

type Status = Extract<ExecutionEvent, { type: "status" }>;

/** Deployments that this process is creating, by name: concurrent requests share one. */
export type Deploys = SingleFlight<Deployment>;

export interface ResolveOptions {
  client: SerenClient;
  deploys: Deploys;
  target: Target;
  signal: AbortSignal;
  /** Do not use `knownId` of the target: it was refused. Default false. */
  ignoreKnown?: boolean;
}

/** Returns the id to run on. A known id is not checked: creating a run on it shows soon enough whether it works. */
export async function* resolveDeployment({
  client,
  deploys,
  target,
  signal,
  ignoreKnown = false,
}: ResolveOptions): AsyncGenerator<Status, string, void> {
  if (target.kind === "deployment") return target.deploymentId;
  if (target.knownId && !ignoreKnown) return target.knownId;
  yield { type: "status", phase: "resolving" };
  const existing = pick(await client.listDeployments({ signal }), target.name);
  if (existing) return yield* untilReady(client, existing, signal);
  yield { type: "status", phase: "deploying", detail: target.name };
  const created = await deploys.join(target.name, signal, async (whileWanted) => {
    // Another request may have created it since the list was read.
    const listed = await client.listDeployments({ signal: whileWanted });
    return pick(listed, target.name) ?? deployOnce({ client, target, listed, signal: whileWanted });
  });
  return yield* untilReady(client, created, signal);
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
  for (;;) {
    switch (current.status) {
      case "running":
        return current.id;
      case "stopped":
        if (current.mode !== "always_on") return current.id; // jobs run from scratch
        if (!started) await client.startDeployment(current.id, { signal });
        started = true;
        break;
      case "failed":
        throw new ExecutionFailure(
          "conflict",
          `the deployment failed to build${current.errorMessage ? `: ${current.errorMessage}` : ""}`,
          { details: { hint: "prune_deployments" } },
        );
      default:
        break;
    }
    if (shown !== current.status) yield { type: "status", phase: "deploying", detail: current.status };
    shown = current.status;
    const waited = ambient.now() - since;
    if (waited > READY_LIMIT_MS) {
      throw new ExecutionFailure(
        "unavailable",
        `the deployment was still ${current.status} after ten minutes; try again later`,
      );
    }
    await sleep(ambient, waited > SLOW_AFTER_MS ? SLOW_POLL_MS : POLL_MS, signal);
    current = await client.getDeployment(current.id, { signal });
  }
}

/** Picks the oldest, so that two processes that created one each agree. Failed ones are not used. */
function pick(deployments: Deployment[], name: string): Deployment | undefined {
  return oldestFirst(deployments.filter((one) => one.name === name && one.status !== "failed"))[0];
}

interface DeployOptions {
  client: SerenClient;
  target: WorkloadTarget;
  /** The deployments that exist. */
  listed: Deployment[];
  signal: AbortSignal;
}

async function deployOnce({ client, target, listed, signal }: DeployOptions): Promise<Deployment> {
  const before = new Set(listed.map(({ id }) => id));
  const body = await target.create();
  for (let calls = 1; ; calls += 1) {
    signal.throwIfAborted();
    let created: Deployment | undefined;
    try {
      created = await client.deploy(body);
    } catch (error) {
      if (!(error instanceof ExecutionFailure) || !(error.retryable || error.kind === "contract")) throw error;
      if (error.details.neverSent || error.kind === "rate_limited") {
        if (calls > MAX_DEPLOY_CALLS) throw error;
        await sleep(client.ambient, error.details.retryAfterMs ?? POLL_MS, signal);
        continue;
      }
    }
    if (created) {
      // Another process may have created one as well; the list decides which one both use.
      const all = await client.listDeployments({ signal }).catch(() => []);
      return pick(all, target.name) ?? created;
    }
    const found = await lookUpDeployment({ client, name: target.name, before, signal });
    if (found) return found;
    if (calls >= MAX_DEPLOY_CALLS) {
      throw new ExecutionFailure("unavailable", "Seren Cloud did not create the deployment: its answers were lost");
    }
  }
}

interface LookUpOptions {
  client: SerenClient;
  name: string;
  /** Ids that existed before the create call. */
  before: ReadonlySet<string>;
  signal: AbortSignal;
}

/**
 * Finds what the create call made, if anything. That includes a deployment which failed to build at once: otherwise it
 * would be created, and paid for, again.
 */
async function lookUpDeployment({ client, name, before, signal }: LookUpOptions): Promise<Deployment | undefined> {
  const since = client.ambient.now();
  for (;;) {
    const listed = await client.listDeployments({ signal });
    const found = pick(listed, name) ?? listed.find((one) => one.name === name && !before.has(one.id));
    if (found || client.ambient.now() - since > LOOKUP_WINDOW_MS) return found;
    await sleep(client.ambient, LOOKUP_EVERY_MS, signal);
  }
}
