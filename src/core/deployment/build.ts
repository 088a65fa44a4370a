/** The time between a deployment's creation and its first use, in which the service builds it. */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";

export const BUILD_LIMIT_MS = 10 * 60_000;
/** The first look: many deployments are ready at once. Each look waits twice as long as the one before. */
const FIRST_POLL_MS = 100;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const SLOW_AFTER_MS = 60_000;

/** Time until the next look at a deployment, `looks` looks and `waitedMs` milliseconds after the first. */
export function pollMs(looks: number, waitedMs: number): number {
  return waitedMs > SLOW_AFTER_MS ? SLOW_POLL_MS : Math.min(FIRST_POLL_MS * 2 ** looks, POLL_MS);
}

export function buildFailure({ id, errorMessage }: Deployment): ExecutionFailure {
  return new ExecutionFailure("conflict", `the deployment failed to build${errorMessage ? `: ${errorMessage}` : ""}`, {
    details: { hint: "prune_deployments", failedDeployment: id },
  });
}

/** Returns the deployment when it has been built; as it is, when that takes too long. Rejects when the build failed. */
export async function awaitBuild(
  client: SerenClient,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Deployment> {
  const since = client.ambient.now();
  let current = deployment;
  for (let looks = 0; current.status === "pending" || current.status === "building"; looks += 1) {
    const waitedMs = client.ambient.now() - since;
    if (waitedMs > BUILD_LIMIT_MS) return current;
    await sleep(client.ambient, pollMs(looks, waitedMs), signal);
    current = await client.getDeployment(current.id, { signal });
  }
  if (current.status === "failed") throw buildFailure(current);
  return current;
}
