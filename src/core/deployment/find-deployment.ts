/** Finds a deployment by its name: in the list, or through what this machine has noted. */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { oldestFirst } from "../../support/oldest-first.ts";
import type { DeploymentNotes } from "./deployment-notes.ts";

/** How long a deployment is searched for whose create call was lost, before the call is repeated. */
export const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
/** Deployments asked for one by one because the list does not name them. */
const MAX_NAMELESS = 20;

export interface FindOptions {
  client: SerenClient;
  notes: DeploymentNotes;
  name: string;
  signal: AbortSignal;
}

/** The list, and the live deployment of this name: from the list, else the one this machine made that the list does not show yet. */
export async function findDeployment(
  options: FindOptions,
): Promise<{ listed: Deployment[]; existing?: Deployment | undefined }> {
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
async function noted({ client, notes, name, signal }: FindOptions): Promise<Deployment | undefined> {
  const note = await notes.read(name);
  if (!note) return undefined;
  if (note.id === undefined) {
    const windowMs = note.at + LOOKUP_WINDOW_MS - client.ambient.now();
    if (windowMs <= 0) return undefined;
    const found = await lookUpDeployment({ client, name, before: [], windowMs, signal });
    return found?.status === "failed" ? undefined : found;
  }
  const deployment = await client.getDeployment(note.id, { signal }).catch((error: unknown) => gone(error, signal));
  const isOurs = deployment && (deployment.name === undefined || deployment.name === name);
  return isOurs && deployment.status !== "failed" ? deployment : undefined;
}

/** Picks the oldest, so that two processes that created one each agree. Failed ones are not used. */
export function pick(deployments: readonly Deployment[], name: string): Deployment | undefined {
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

interface LookUpOptions {
  client: SerenClient;
  name: string;
  /** What was listed before the create call. */
  before: readonly Deployment[];
  windowMs: number;
  signal: AbortSignal;
}

/**
 * Finds what the create call made, if anything. That includes a deployment which failed to build at once: otherwise it
 * would be created, and paid for, again. The name comes before the id: a list may give the same id to all of its rows. Rejects
 * with `unknown_outcome` where there are more of the name than before and none of them has a new id.
 */
export async function lookUpDeployment(options: LookUpOptions): Promise<Deployment | undefined> {
  const { client, name, before, windowMs, signal } = options;
  const since = client.ambient.now();
  const named = (rows: readonly Deployment[]) => rows.filter((one) => one.name === name);
  const known = named(before);
  const knownIds = new Set(known.map(({ id }) => id));
  for (;;) {
    const now = named(await deploymentsOf(client, name, signal));
    const fresh = now.filter(({ id }) => !knownIds.has(id));
    const found = pick(fresh, name) ?? fresh[0];
    if (found) return found;
    if (client.ambient.now() - since > windowMs) {
      if (now.length <= known.length) return undefined;
      throw new ExecutionFailure(
        "unknown_outcome",
        `Seren Cloud lists one more deployment named ${name} than before, under an id that another one has; look at them with \`seren-bridge deployments list\``,
      );
    }
    await sleep(client.ambient, LOOKUP_EVERY_MS, signal);
  }
}
