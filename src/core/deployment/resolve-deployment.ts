/**
 * Finding the deployment a run goes to, and making one where there is none. A deployment is created only for a workload
 * of ours, and only when no live one of its name exists.
 */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { SingleFlight } from "../../support/single-flight.ts";
import type { ExecutionEvent } from "../events.ts";
import type { Target } from "../request.ts";

const READY_LIMIT_MS = 10 * 60_000;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const SLOW_AFTER_MS = 60_000;
/** How long a deployment whose create call was lost is looked for before the call is repeated. */
const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
const MAX_DEPLOY_CALLS = 2;

type Status = Extract<ExecutionEvent, { type: "status" }>;

/** Deployments this process is creating, by name: requests that come together share one. */
export type Deploys = SingleFlight<Deployment>;

/** The id to run on. A known id is answered without asking the service: a run created on it tells soon enough. */
export async function* resolveDeployment(
  client: SerenClient,
  deploys: Deploys,
  target: Target,
  signal: AbortSignal,
  ignoreKnown = false,
): AsyncGenerator<Status, string, void> {
  if (target.kind === "deployment") return target.deploymentId;
  if (target.knownId && !ignoreKnown) return target.knownId;
  yield { type: "status", phase: "resolving" };
  const existing = pick(await client.listDeployments({ signal }), target.name);
  if (existing) return yield* untilReady(client, existing, signal);
  yield { type: "status", phase: "deploying", detail: target.name };
  const created = await deploys.join(target.name, signal, async (whileWanted) => {
    // Another request may have made it since the list was read.
    const listed = await client.listDeployments({ signal: whileWanted });
    return pick(listed, target.name) ?? deployOnce(client, target, listed, whileWanted);
  });
  return yield* untilReady(client, created, signal);
}

/** Waits while the deployment is being built, and starts it when it is an always-on service that was stopped. */
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

/** Two processes may have created one each: both take the older, so that they meet. Failed ones are left alone. */
function pick(deployments: Deployment[], name: string): Deployment | undefined {
  const age = (one: Deployment) => one.createdAt ?? 0;
  return deployments
    .filter((one) => one.name === name && one.status !== "failed")
    .sort((a, b) => age(a) - age(b) || (a.id < b.id ? -1 : 1))[0];
}

async function deployOnce(
  client: SerenClient,
  target: Extract<Target, { kind: "workload" }>,
  listed: Deployment[],
  signal: AbortSignal,
): Promise<Deployment> {
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
      // Another process may have done the same meanwhile; the list decides which one both use.
      const all = await client.listDeployments({ signal }).catch(() => []);
      return pick(all, target.name) ?? created;
    }
    const found = await lookUpDeployment(client, target.name, before, signal);
    if (found) return found;
    if (calls >= MAX_DEPLOY_CALLS) {
      throw new ExecutionFailure("unavailable", "Seren Cloud did not create the deployment: its answers were lost");
    }
  }
}

/** What our call made, if anything: also one that failed to build at once, or it would be made and paid for again. */
async function lookUpDeployment(
  client: SerenClient,
  name: string,
  before: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  const since = client.ambient.now();
  for (;;) {
    const listed = await client.listDeployments({ signal });
    const found = pick(listed, name) ?? listed.find((one) => one.name === name && !before.has(one.id));
    if (found || client.ambient.now() - since > LOOKUP_WINDOW_MS) return found;
    await sleep(client.ambient, LOOKUP_EVERY_MS, signal);
  }
}
