/** Makes the deployment of a workload, at most once: the service has no idempotency for it. */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { WorkloadTarget } from "./choose-deployment.ts";
import type { DeploymentNotes } from "./deployment-notes.ts";
import { LOOKUP_WINDOW_MS, lookUpDeployment, pick } from "./find-deployment.ts";

/** How long a deployment is searched for that the service has accepted: it exists, and the list may lag behind. */
const ACCEPTED_WINDOW_MS = 30_000;
/** Time between two create calls where the service does not name one. */
const AGAIN_MS = 2_000;
const MAX_DEPLOY_CALLS = 2;

interface DeployOptions {
  client: SerenClient;
  target: Pick<WorkloadTarget, "name" | "create">;
  /** The deployments that exist. */
  listed: readonly Deployment[];
  /** Whether all who make one of this name use the same, the oldest. Default true. */
  shared?: boolean;
  signal: AbortSignal;
}

/** The note stays where a deployment may exist whose id is not known. */
export async function makeDeployment({
  notes,
  ...options
}: DeployOptions & { notes: DeploymentNotes }): Promise<Deployment> {
  const { client, target, signal } = options;
  const at = client.ambient.now();
  await notes.write(target.name, { at });
  try {
    const made = await deployOnce(options);
    await notes.write(target.name, { id: made.id, at });
    return made;
  } catch (error) {
    if (!signal.aborted && asFailure(error).kind !== "unknown_outcome") await notes.remove(target.name);
    throw error;
  }
}

async function deployOnce({ client, target, listed, shared = true, signal }: DeployOptions): Promise<Deployment> {
  const body = await target.create();
  for (let calls = 1; ; calls += 1) {
    signal.throwIfAborted();
    let created: Deployment | undefined;
    let accepted = false;
    let refused: ExecutionFailure | undefined; // by what answers, which may be something in the service's place
    try {
      created = await client.deploy(body);
    } catch (error) {
      if (!(error instanceof ExecutionFailure) || !(error.retryable || error.kind === "contract")) throw error;
      accepted = error.kind === "contract" && (error.details.status ?? 0) < 300;
      refused = error.details.status === undefined ? undefined : error;
      if (error.details.neverSent || error.kind === "rate_limited") {
        if (calls > MAX_DEPLOY_CALLS) throw error;
        await sleep(client.ambient, error.details.retryAfterMs ?? AGAIN_MS, signal);
        continue;
      }
    }
    if (created && !shared) return created;
    if (created) {
      // Another process may have created one as well; the list decides which one both use.
      const all = await client.listDeployments({ signal }).catch(() => undefined);
      return pick(all?.rows ?? [], target.name) ?? created;
    }
    const windowMs = accepted ? ACCEPTED_WINDOW_MS : LOOKUP_WINDOW_MS;
    const found = await lookUpDeployment({ client, name: target.name, before: listed, windowMs, signal });
    if (found) return found;
    if (accepted) {
      throw new ExecutionFailure(
        "unknown_outcome",
        "Seren Cloud accepted the deployment in an answer that cannot be read, and does not list it yet; try again in a minute",
      );
    }
    if (calls >= MAX_DEPLOY_CALLS) {
      const why = refused?.message ?? "its answers were lost";
      throw new ExecutionFailure("unavailable", `Seren Cloud did not create the deployment: ${why}`, {
        cause: refused,
        details: { status: refused?.details.status },
      });
    }
  }
}
