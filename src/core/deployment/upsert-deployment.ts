/**
 * Brings a family of deployments to one that serves what is asked for (`family.ts`). It cannot double (one process of this
 * machine at a time; across machines the oldest of equal ones counts), it cannot flap (the name says what is deployed), and it
 * cannot lose (what served is deleted last, when what follows it works). An interrupted one is finished by the next.
 */
import type { Deployment, NewDeployment } from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { awaitBuild } from "./build.ts";
import { type FamilyMember, isOfFamily, memberName } from "./family.ts";
import { findDeployment, pick } from "./find-deployment.ts";
import { makeDeployment } from "./make-deployment.ts";
import type { UploadDoors } from "./upload-bundle.ts";

/** Statuses of a run that has not ended. */
const GOING_ON = "queued,running,awaiting_approval";

export interface Upsert extends FamilyMember {
  /** Called when there is no such deployment yet. May upload what it needs. */
  create(name: string): Promise<NewDeployment>;
}

export interface Upserted {
  deployment: Deployment;
  /** Deployments of the family that were deleted. */
  superseded: Deployment[];
  /** Those that were not, and why: half a sentence. */
  left: { deployment: Deployment; why: string }[];
}

type Doors = Pick<UploadDoors, "client" | "notes">;

/** Rejects with the build's failure, and leaves what served before. */
export function upsertDeployment(doors: Doors, upsert: Upsert, signal: AbortSignal): Promise<Upserted> {
  return doors.notes.exclusively(familyKey(upsert.stem), signal, () => bringAbout(doors, upsert, signal));
}

/** Not the form of a name, so that it is no deployment's own. */
const familyKey = (stem: string) => `family ${stem}`;

async function bringAbout({ client, notes }: Doors, upsert: Upsert, signal: AbortSignal): Promise<Upserted> {
  const { stem } = upsert;
  const name = memberName(upsert);
  const find = () => findDeployment({ client, notes, name, signal });
  const { existing, listed } = await find();
  const useless = listed.filter((one) => one.name === name && one.status === "failed");
  for (const { id } of useless) await client.deleteDeployment(id, { signal });
  const earlier = await lastMade({ client, notes }, stem, signal);
  const { found, isNew } = existing ? { found: existing, isNew: false } : { found: await make(), isNew: true };
  const kept = await started({ client, notes }, await awaitBuild(client, found, signal), signal);
  const known = [...listed.filter((one) => !useless.includes(one)), ...earlier];
  return retire({ client, notes }, { stem, kept, isNew, known }, signal);

  async function make(): Promise<Deployment> {
    const body = await upsert.create(name);
    // Uploading takes time, in which another machine may have made one.
    const again = await find();
    const target = { name, create: () => body };
    const { existing: other, listed } = again;
    const deployment = other ?? (await makeDeployment({ client, notes, target, listed, signal }));
    await notes.write(familyKey(stem), { id: deployment.id, at: client.ambient.now() });
    return deployment;
  }
}

/** The one this machine made last: lists may lag behind, and then it would stay beside its successor. */
async function lastMade({ client, notes }: Doors, stem: string, signal: AbortSignal): Promise<Deployment[]> {
  const id = (await notes.read(familyKey(stem)))?.id;
  if (id === undefined) return [];
  try {
    return [await client.getDeployment(id, { signal })];
  } catch (error) {
    if (asFailure(error).kind === "not_found") return [];
    throw error;
  }
}

/** An always-on service that was stopped serves nothing, and serving is what is asked for. */
async function started({ client }: Doors, deployment: Deployment, signal: AbortSignal): Promise<Deployment> {
  if (deployment.mode !== "always_on" || deployment.status !== "stopped") return deployment;
  await client.startDeployment(deployment.id, { signal });
  return awaitBuild(client, await client.getDeployment(deployment.id, { signal }), signal);
}

interface Retirement {
  stem: string;
  kept: Deployment;
  isNew: boolean;
  /** What was there before. Of what has come since, only what is older than `kept` goes: another machine made the rest. */
  known: readonly Deployment[];
}

/** Deletes the other members of the family. */
async function retire(
  { client }: Doors,
  { stem, kept, isNew, known }: Retirement,
  signal: AbortSignal,
): Promise<Upserted> {
  const others = known.filter(isOfFamily(stem)).filter(({ id }) => id !== kept.id);
  if (!isNew && others.length === 0) return { deployment: kept, superseded: [], left: [] };
  await requireServing(client, kept, signal);
  const now = (await client.listDeployments({ signal })).rows.filter(isOfFamily(stem));
  // Of two equal ones that two machines made at the same time, both keep the older.
  const oldest = pick([...now.filter(({ id }) => id !== kept.id), kept], kept.name ?? "") ?? kept;
  const winner = oldest.id === kept.id ? kept : await awaitBuild(client, oldest, signal);
  const since = now.filter((one) => one.name === winner.name || isOlder(one, winner));
  const all = new Map([...others, ...since, kept].map((one) => [one.id, one]));
  all.delete(winner.id);
  const result: Upserted = { deployment: winner, superseded: [], left: [] };
  for (const deployment of all.values()) {
    const why = await whyItStays({ client, deployment }, signal);
    if (why === undefined) result.superseded.push(deployment);
    else result.left.push({ deployment, why });
  }
  return result;
}

/** Another machine may have put its own in the place of ours meanwhile: then what served before must not go as well. */
async function requireServing(client: Doors["client"], { id }: Deployment, signal: AbortSignal): Promise<void> {
  const status = await client.getDeployment(id, { signal }).then(
    (one) => one.status,
    (error: unknown) => {
      if (asFailure(error).kind !== "not_found") throw error;
      return "failed";
    },
  );
  if (status !== "failed") return;
  throw new ExecutionFailure(
    "unavailable",
    "the deployment was deleted, or has failed, right after it was made; nothing else was changed; try again",
  );
}

function isOlder({ createdAt }: Deployment, other: Deployment): boolean {
  return createdAt !== undefined && other.createdAt !== undefined && createdAt < other.createdAt;
}

/** Deletes the deployment, unless it still works. */
async function whyItStays(
  { client, deployment }: { client: Doors["client"]; deployment: Deployment },
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    if (deployment.status !== "failed") {
      const page = await client.listRunPage(deployment.id, { limit: 1, status: GOING_ON }, { signal });
      if (page.runs.length + page.unreadable > 0) return "a run on it is still going on";
    }
    await client.deleteDeployment(deployment.id, { signal });
    return undefined;
  } catch (error) {
    const { kind, message } = asFailure(error);
    if (signal.aborted || kind === "internal") throw error;
    return kind === "not_found" ? undefined : `it could not be deleted: ${message}`;
  }
}
