/** Takes away the members of a family that are superseded, when what follows them works. */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import { isOlder } from "../../support/oldest-first.ts";
import { awaitBuild } from "./build.ts";
import { isOfFamily } from "./family.ts";
import { pick } from "./find-deployment.ts";
import { Displaced, unlessDisplaced } from "./rivals.ts";

/** Statuses of a run that has not ended. */
const GOING_ON = "queued,running,awaiting_approval";
/** How long a run of a superseded schedule is waited for; the service cannot pause a schedule, only delete it with its runs. */
const RUN_LIMIT_MS = 10 * 60_000;
const LOOK_EVERY_MS = 5_000;

export interface Retired {
  deployment: Deployment;
  /** Deployments of the family that were deleted. */
  superseded: Deployment[];
  left: Left[];
}

/** A member that stays for now. */
interface Left {
  deployment: Deployment;
  /** Half a sentence. */
  why: string;
  /** Whether its schedule goes on starting runs. */
  isScheduled: boolean;
}

interface Retirement {
  stem: string;
  kept: Deployment;
  isNew: boolean;
  /** What was there before. Of what has come since, only what is older than `kept` goes: another machine made the rest. */
  known: readonly Deployment[];
}

/** Rejects with `Displaced` where `kept` does not serve any more: then the others stay. */
export async function retire(
  client: SerenClient,
  { stem, kept, isNew, known }: Retirement,
  signal: AbortSignal,
): Promise<Retired> {
  const others = known.filter(isOfFamily(stem)).filter(({ id }) => id !== kept.id);
  const result: Retired = { deployment: kept, superseded: [], left: [] };
  if (!isNew && others.length === 0) return result;
  await requireServing(client, kept, signal);
  const now = (await client.listDeployments({ signal })).rows.filter(isOfFamily(stem));
  // Of two equal ones that two machines made at the same time, both keep the older.
  const oldest = pick([...now.filter(({ id }) => id !== kept.id), kept], kept.name ?? "") ?? kept;
  const winner = oldest.id === kept.id ? kept : await unlessDisplaced(awaitBuild(client, oldest, signal));
  result.deployment = winner;
  const since = now.filter((one) => one.name === winner.name || isOlder(one, winner));
  const all = new Map([...others, ...since, kept].map((one) => [one.id, one]));
  all.delete(winner.id);
  for (const deployment of all.values()) await retireOne(client, { deployment, winner, result }, signal);
  return result;
}

interface Step {
  deployment: Deployment;
  winner: Deployment;
  result: Retired;
}

async function retireOne(client: SerenClient, { deployment, winner, result }: Step, signal: AbortSignal) {
  const stay = (why: string) =>
    void result.left.push({
      deployment,
      why,
      isScheduled: deployment.mode === "cron" && deployment.status !== "failed",
    });
  try {
    const isFree = deployment.status === "failed" || (await becomesFree(client, deployment, signal));
    if (!isFree) return stay("a run on it is still going on");
    // Right before: another machine may have put its own in the place of ours meanwhile, and then this one must not go too.
    await requireServing(client, winner, signal);
    await client.deleteDeployment(deployment.id, { signal });
    result.superseded.push(deployment);
  } catch (error) {
    const { kind, message } = asFailure(error);
    if (signal.aborted || kind === "internal" || error instanceof Displaced) throw error;
    if (kind === "not_found") result.superseded.push(deployment);
    else stay(`it could not be deleted: ${message}`);
  }
}

/** Whether no run is going on. One of a schedule is waited for, because the schedule would go on starting others. */
async function becomesFree(client: SerenClient, deployment: Deployment, signal: AbortSignal): Promise<boolean> {
  const { ambient } = client;
  const since = ambient.now();
  while (await isBusy(client, deployment, signal)) {
    if (deployment.mode !== "cron" || ambient.now() - since >= RUN_LIMIT_MS) return false;
    await sleep(ambient, LOOK_EVERY_MS, signal);
  }
  return true;
}

async function isBusy(client: SerenClient, { id }: Deployment, signal: AbortSignal): Promise<boolean> {
  const page = await client.listRunPage(id, { limit: 1, status: GOING_ON }, { signal });
  return page.runs.length + page.unreadable > 0;
}

async function requireServing(client: SerenClient, { id }: Deployment, signal: AbortSignal): Promise<void> {
  const { status } = await unlessDisplaced(client.getDeployment(id, { signal }));
  if (status !== "failed") return;
  throw new Displaced(
    "unavailable",
    "the deployment has failed right after it was made; what served before was not changed; try again",
  );
}
