/** Takes away the members of a family that are superseded, when what follows them works. */
import type { Deployment, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { parseCron } from "../../support/cron.ts";
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
/** So long before it is due a schedule is deleted. */
const AHEAD_MS = 15_000;

export interface Retired {
  deployment: Deployment;
  /** Deployments of the family that were deleted. */
  superseded: Deployment[];
  /** Those of them whose run was ended with them: their schedule would have started another one. */
  cutShort: Deployment[];
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
  const result: Retired = { deployment: kept, superseded: [], cutShort: [], left: [] };
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
    const freed = deployment.status === "failed" ? "idle" : await untilFree(client, deployment, signal);
    if (freed === "busy") return stay("a run on it is still going on");
    // Right before: another machine may have put its own in the place of ours meanwhile, and then this one must not go too.
    await requireServing(client, winner, signal);
    await client.deleteDeployment(deployment.id, { signal });
    result.superseded.push(deployment);
    if (freed === "due") result.cutShort.push(deployment);
  } catch (error) {
    const { kind, message } = asFailure(error);
    if (signal.aborted || kind === "internal" || error instanceof Displaced) throw error;
    if (kind === "not_found") result.superseded.push(deployment);
    else stay(`it could not be deleted: ${message}`);
  }
}

/**
 * Says whether a deployment may go. What works is left, but a schedule must not start another run: its run is waited for, and
 * when the next one is `due`, it goes with the run that is going on.
 */
async function untilFree(
  client: SerenClient,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<"idle" | "busy" | "due"> {
  const { ambient } = client;
  const since = ambient.now();
  const due = deployment.mode === "cron" ? dueAfter(deployment, since) : undefined;
  while (await isBusy(client, deployment, signal)) {
    if (deployment.mode !== "cron") return "busy";
    const now = ambient.now();
    const left = (due ?? Number.POSITIVE_INFINITY) - AHEAD_MS - now;
    if (left <= 0) return "due";
    if (now - since >= RUN_LIMIT_MS) return "busy";
    await sleep(ambient, Math.min(LOOK_EVERY_MS, left), signal);
  }
  return "idle";
}

async function isBusy(client: SerenClient, { id }: Deployment, signal: AbortSignal): Promise<boolean> {
  const page = await client.listRunPage(id, { limit: 1, status: GOING_ON }, { signal });
  return page.runs.length + page.unreadable > 0;
}

/** When the schedule starts its next run; undefined for one that cannot be read here. */
function dueAfter({ cronSchedule, cronTimezone }: Deployment, now: number): number | undefined {
  try {
    return parseCron(cronSchedule ?? "", cronTimezone ?? "UTC")?.nextAfter(now);
  } catch {
    return undefined;
  }
}

async function requireServing(client: SerenClient, { id }: Deployment, signal: AbortSignal): Promise<void> {
  const { status } = await unlessDisplaced(client.getDeployment(id, { signal }));
  if (status !== "failed") return;
  throw new Displaced(
    "unavailable",
    "the deployment has failed right after it was made; what served before was not changed; try again",
  );
}
