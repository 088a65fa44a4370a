/**
 * Brings a family of deployments to one that serves what is asked for (`family.ts`). It cannot double (one process of this
 * machine at a time; machines settle it as `rivals.ts` has it), it cannot flap (the name says what is deployed), and it cannot
 * lose (what served is deleted last, when what follows it works). An interrupted one is finished by the next.
 */
import type { Deployment, NewDeployment } from "../../seren/index.ts";
import { asFailure } from "../../support/failure.ts";
import { awaitBuild } from "./build.ts";
import { type FamilyMember, isOfFamily, memberName } from "./family.ts";
import { findDeployment } from "./find-deployment.ts";
import { makeDeployment } from "./make-deployment.ts";
import { type Retired, retire } from "./retire.ts";
import { Displaced, rivalsOf, unlessDisplaced, untilSettled } from "./rivals.ts";
import type { UploadDoors } from "./upload-bundle.ts";

export interface Upsert extends FamilyMember {
  /** Called when there is no such deployment yet. May upload what it needs. */
  create(name: string): Promise<NewDeployment>;
}

export type Upserted = Retired;

type Doors = Pick<UploadDoors, "client" | "notes">;

/** Rejects with the build's failure, and leaves what served before. */
export function upsertDeployment(doors: Doors, upsert: Upsert, signal: AbortSignal): Promise<Upserted> {
  return doors.notes.exclusively(familyKey(upsert.stem), signal, async () => {
    try {
      return await bringAbout(doors, upsert, signal);
    } catch (error) {
      // For an equal one, which then is there, or for something else.
      if (!(error instanceof Displaced)) throw error;
      if (!(await findDeployment({ ...doors, name: memberName(upsert), signal })).existing) throw error;
    }
    return bringAbout(doors, upsert, signal);
  });
}

/** Not the form of a name, so that it is no deployment's own. */
const familyKey = (stem: string) => `family ${stem}`;

async function bringAbout({ client, notes }: Doors, upsert: Upsert, signal: AbortSignal): Promise<Upserted> {
  const { stem } = upsert;
  const name = memberName(upsert);
  const find = () => findDeployment({ client, notes, name, signal });
  const { existing, listed } = await found();
  const useless = listed.filter((one) => one.name === name && one.status === "failed");
  for (const { id } of useless) await client.deleteDeployment(id, { signal });
  const earlier = await lastMade({ client, notes }, stem, signal);
  const built = await unlessDisplaced(awaitBuild(client, existing ?? (await make()), signal));
  const kept = await started({ client, notes }, built, signal);
  const known = [...listed, ...earlier].filter(({ id }) => !useless.some((one) => one.id === id));
  return retire(client, { stem, kept, isNew: !existing, known }, signal);

  /** What is there, when other machines are done with it. While one is waited for, another may begin. */
  async function found(): Promise<Awaited<ReturnType<typeof find>>> {
    const waitedFor = new Set<string>();
    for (;;) {
      const there = await find();
      const { existing: kept, listed } = there;
      if (!kept) return there;
      const members = listed.filter(isOfFamily(stem)).filter(({ id }) => !waitedFor.has(id));
      const rivals = rivalsOf({ kept, members, now: client.ambient.now() });
      if (rivals.length === 0) return there;
      await untilSettled(client, { kept, rivals }, signal);
      for (const { id } of rivals) waitedFor.add(id);
    }
  }

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

/** Modes that cannot be started. One that cannot be read is not among them: the service itself refuses what it cannot do. */
const WITHOUT_SERVICE: ReadonlySet<string | undefined> = new Set(["job", "cron"]);

/** An always-on service that was stopped serves nothing, and serving is what is asked for. */
async function started({ client }: Doors, deployment: Deployment, signal: AbortSignal): Promise<Deployment> {
  if (deployment.status !== "stopped" || WITHOUT_SERVICE.has(deployment.mode)) return deployment;
  await client.startDeployment(deployment.id, { signal });
  return awaitBuild(client, await client.getDeployment(deployment.id, { signal }), signal);
}
