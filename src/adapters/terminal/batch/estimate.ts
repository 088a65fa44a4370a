/** What a batch may cost, from what earlier runs of the same agent have cost. */
import { costOf, type Organization } from "../../../core/index.ts";
import { dollars } from "../../../support/money.ts";
import { count, duration } from "../screen/format.ts";
import type { BatchPlan } from "./batch-folder.ts";

/** As many as the service lists at once. */
const MOST_RUNS = 100;

/** Returns a sentence. Rejects when the service cannot be asked. */
export async function estimate(
  organization: Organization,
  { deployment, rows }: BatchPlan,
  agentName: string | undefined,
  concurrency: number,
): Promise<string> {
  const named = deployment?.deploymentId ?? (await idOf(organization, agentName));
  const runs = named === undefined ? [] : (await organization.runs({ deploymentId: named, limit: MOST_RUNS })).rows;
  const ended = runs.filter(({ state }) => state === "completed");
  const costs = ended.flatMap(({ usage }) => costOf(usage) ?? []);
  const times = ended.flatMap(({ startedAt, endedAt }) =>
    endedAt === undefined || startedAt === 0 ? [] : endedAt - startedAt,
  );
  if (ended.length === 0)
    return "No earlier run of this agent has completed, so neither cost nor time can be estimated.";
  const [cost, time] = [median(costs), median(times)];
  const money =
    cost === undefined
      ? "their records name no cost"
      : `about ${dollars(Math.round(cost * rows.length))} (one of them has cost ${dollars(Math.round(cost))} in the middle, ${dollars(Math.max(...costs))} at most)`;
  const length =
    time === undefined || time < 1_000
      ? ""
      : `, about ${duration((time * rows.length) / Math.min(concurrency, rows.length))}`;
  return `By the last ${count(ended.length, "run")} of this agent: ${money}${length}.`;
}

async function idOf(organization: Organization, name: string | undefined): Promise<string | undefined> {
  const { rows } = await organization.deployments();
  return rows.find((row) => row.name === name)?.id;
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
