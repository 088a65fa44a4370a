/**
 * Finds the deployment of a run and creates it where there is none. One is created only for a workload of ours, and only
 * when no live deployment of that name exists.
 */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { oldestFirst } from "../../support/oldest-first.ts";
import type { ExecutionEvent } from "../events.ts";
import type { Target } from "../request.ts";
import type { WorkloadTarget } from "./choose-deployment.ts";
import type { DeploymentNotes } from "./deployment-notes.ts";
import type { Deploys } from "./deploys.ts";

const READY_LIMIT_MS = 10 * 60_000;
const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const SLOW_AFTER_MS = 60_000;
/** How long a deployment is searched for whose create call was lost, before the call is repeated. */
const LOOKUP_WINDOW_MS = 6_000;
/** The same where the service accepted the call: the deployment exists, and the list may lag behind. */
const ACCEPTED_WINDOW_MS = 30_000;
const LOOKUP_EVERY_MS = 500;
const MAX_DEPLOY_CALLS = 2;

type Status = Extract<ExecutionEvent, { type: "status" }>;

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
  const { notes } = deploys;
  const { existing } = await look({ client, notes, name: target.name, signal });
  if (existing) return yield* untilReady(client, existing, signal);
  yield { type: "status", phase: "deploying", detail: target.name };
  const created = await deploys.join(target.name, signal, async (whileWanted) => {
    // Another request, or another process, may have created it since the list was read.
    const { existing, listed } = await look({ client, notes, name: target.name, signal: whileWanted });
    if (existing) return existing;
    return deployNoted({ client, notes, target, listed, signal: whileWanted });
  });
  return yield* untilReady(client, created, signal);
}

interface LookOptions {
  client: SerenClient;
  notes: DeploymentNotes;
  name: string;
  signal: AbortSignal;
}

/** The list, and the live deployment of this name: from the list, else the one this machine made that the list does not show yet. */
async function look(options: LookOptions): Promise<{ listed: Deployment[]; existing?: Deployment | undefined }> {
  const { client, name, signal } = options;
  try {
    const listed = await deploymentsOf(client, name, signal);
    return { listed, existing: pick(listed, name) ?? (await noted(options)) };
  } catch (error) {
    const existing = error instanceof ExecutionFailure && error.kind === "contract" ? await noted(options) : undefined;
    if (existing) return { listed: [], existing };
    throw error;
  }
}

/** What a note of this machine leads to. One without an id was written just before a create call whose answer is not known. */
async function noted({ client, notes, name, signal }: LookOptions): Promise<Deployment | undefined> {
  const note = await notes.read(name);
  if (!note) return undefined;
  if (note.id === undefined) {
    const windowMs = note.at + LOOKUP_WINDOW_MS - client.ambient.now();
    if (windowMs <= 0) return undefined;
    const found = await lookUpDeployment({ client, name, before: new Set(), windowMs, signal });
    return found?.status === "failed" ? undefined : found;
  }
  const deployment = await client.getDeployment(note.id, { signal }).catch((error: unknown) => gone(error, signal));
  const isOurs = deployment && (deployment.name === undefined || deployment.name === name);
  return isOurs && deployment.status !== "failed" ? deployment : undefined;
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
      case "pending":
      case "building":
        break;
      default:
        return current.id; // the create call shows whether it runs: "still starting" is a refusal that is waited out
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
function pick(deployments: readonly Deployment[], name: string): Deployment | undefined {
  return oldestFirst(deployments.filter((one) => one.name === name && one.status !== "failed"))[0];
}

/**
 * All deployments, by the names of their rows; a row without a name that can be read is asked for by itself, unless one of
 * the wanted name is there. Rejects with `contract` where it stays open whether one of them has the name: creating another
 * one would be paid for twice.
 */
async function deploymentsOf(client: SerenClient, name: string, signal: AbortSignal): Promise<Deployment[]> {
  const { rows, unreadable } = await client.listDeployments({ signal });
  if (rows.some((row) => row.name === name)) return rows;
  const nameless = rows.filter((row) => row.name === undefined);
  if (nameless.length > MAX_NAMELESS) throw unnamed(nameless.length + unreadable);
  const named = await Promise.all(
    nameless.map(({ id }) => client.getDeployment(id, { signal }).catch((error: unknown) => gone(error, signal))),
  );
  const open = named.filter((one) => one && one.name === undefined).length + unreadable;
  if (open > 0 && !named.some((one) => one?.name === name)) throw unnamed(open);
  return [...rows.filter((row) => row.name !== undefined), ...named.flatMap((one) => one ?? [])];
}

/** Deployments asked for one by one because the list does not name them. */
const MAX_NAMELESS = 20;

/** A deployment that is gone has no name that matters. */
function gone(error: unknown, signal: AbortSignal): undefined {
  if (signal.aborted || !(error instanceof ExecutionFailure) || error.kind !== "not_found") throw error;
  return undefined;
}

function unnamed(count: number): ExecutionFailure {
  return new ExecutionFailure(
    "contract",
    `${count} of the deployments on Seren Cloud cannot be read, so it is not known whether the one to use is among them`,
    { details: { hint: "name_deployment" } },
  );
}

interface DeployOptions {
  client: SerenClient;
  target: WorkloadTarget;
  /** The deployments that exist. */
  listed: readonly Deployment[];
  signal: AbortSignal;
}

/** The note stays where a deployment may exist whose id is not known. */
async function deployNoted({ notes, ...options }: DeployOptions & { notes: DeploymentNotes }): Promise<Deployment> {
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

async function deployOnce({ client, target, listed, signal }: DeployOptions): Promise<Deployment> {
  const before = new Set(listed.map(({ id }) => id));
  const body = await target.create();
  for (let calls = 1; ; calls += 1) {
    signal.throwIfAborted();
    let created: Deployment | undefined;
    let accepted = false;
    try {
      created = await client.deploy(body);
    } catch (error) {
      if (!(error instanceof ExecutionFailure) || !(error.retryable || error.kind === "contract")) throw error;
      accepted = error.kind === "contract" && (error.details.status ?? 0) < 300;
      if (error.details.neverSent || error.kind === "rate_limited") {
        if (calls > MAX_DEPLOY_CALLS) throw error;
        await sleep(client.ambient, error.details.retryAfterMs ?? POLL_MS, signal);
        continue;
      }
    }
    if (created) {
      // Another process may have created one as well; the list decides which one both use.
      const all = await client.listDeployments({ signal }).catch(() => undefined);
      return pick(all?.rows ?? [], target.name) ?? created;
    }
    const windowMs = accepted ? ACCEPTED_WINDOW_MS : LOOKUP_WINDOW_MS;
    const found = await lookUpDeployment({ client, name: target.name, before, windowMs, signal });
    if (found) return found;
    if (accepted) {
      throw new ExecutionFailure(
        "unknown_outcome",
        "Seren Cloud accepted the deployment in an answer that cannot be read, and does not list it yet; try again in a minute",
      );
    }
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
  windowMs: number;
  signal: AbortSignal;
}

/**
 * Finds what the create call made, if anything. That includes a deployment which failed to build at once: otherwise it
 * would be created, and paid for, again.
 */
async function lookUpDeployment(options: LookUpOptions): Promise<Deployment | undefined> {
  const { client, name, before, windowMs, signal } = options;
  const since = client.ambient.now();
  for (;;) {
    const listed = await deploymentsOf(client, name, signal);
    const found = pick(listed, name) ?? listed.find((one) => one.name === name && !before.has(one.id));
    if (found || client.ambient.now() - since > windowMs) return found;
    await sleep(client.ambient, LOOKUP_EVERY_MS, signal);
  }
}
