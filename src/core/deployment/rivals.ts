/**
 * Another machine that brings about something else under the same stem at the same time. There is no lock between machines; it
 * shows by what it makes. Without a rule, each of the two would delete what the other one has made, and none would serve.
 *
 * The rule is an order that all see alike, the service's order of creation: nobody deletes what is younger than what it keeps,
 * unless whoever made that has had its time. So of different ones the youngest stays, and of equal ones the oldest.
 */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { isOlder } from "../../support/oldest-first.ts";
import { BUILD_LIMIT_MS } from "./build.ts";

/** Longer than one may take to be brought about: who made an older one is no longer at it. */
const LONGEST_MS = 60 * 60_000;
const LOOK_EVERY_MS = 2_000;
/** For deleting what is superseded, once its own works. */
const SETTLED_MS = 30_000;

interface Family {
  kept: Deployment;
  /** All members that are known. */
  members: readonly Deployment[];
  now: number;
}

/**
 * Returns the members that another machine may be about to put in the place of `kept`: also one that this machine has made, which
 * another may have found and kept since.
 */
export function rivalsOf({ kept, members, now }: Family): Deployment[] {
  return members.filter(
    (one) =>
      one.id !== kept.id &&
      one.name !== kept.name &&
      one.status !== "failed" &&
      isOlder(kept, one) &&
      now - (one.createdAt ?? 0) < LONGEST_MS,
  );
}

/** Waits until the makers of the rivals are done: `kept` or the rivals are gone, or nothing happens any more. */
export async function untilSettled(
  client: SerenClient,
  { kept, rivals }: { kept: Deployment; rivals: readonly Deployment[] },
  signal: AbortSignal,
): Promise<void> {
  const { ambient } = client;
  const ids = new Set(rivals.map(({ id }) => id));
  const since = ambient.now();
  let builtAt: number | undefined;
  while (ambient.now() - since < BUILD_LIMIT_MS + SETTLED_MS) {
    const { rows } = await client.listDeployments({ signal });
    const left = rows.filter(({ id, status }) => ids.has(id) && status !== "failed");
    if (left.length === 0 || !rows.some(({ id }) => id === kept.id)) return;
    const isBuilding = left.some(({ status }) => status === "pending" || status === "building");
    builtAt = isBuilding ? undefined : (builtAt ?? ambient.now());
    if (builtAt !== undefined && ambient.now() - builtAt >= SETTLED_MS) return;
    await sleep(ambient, LOOK_EVERY_MS, signal);
  }
}

/** What is to be kept does not serve, although it did: nothing else may go. */
export class Displaced extends ExecutionFailure {}

/** Rejects with `Displaced` where the deployment that is looked at is gone. */
export async function unlessDisplaced(look: Promise<Deployment>): Promise<Deployment> {
  try {
    return await look;
  } catch (error) {
    if (asFailure(error).kind !== "not_found") throw error;
    throw new Displaced(
      "conflict",
      "another machine has deployed something else under this name at the same time, and that is what serves now; try again to replace it",
    );
  }
}
