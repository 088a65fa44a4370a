/** Runs in lists: their columns, their JSON, and finding one by the beginning of its id. */
import { generalAgentTarget, type RunRow, type RunState } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { usageFields } from "../live/run-output-lines.ts";
import { age, cost, duration } from "../screen/format.ts";
import type { Colors } from "../screen/screen.ts";
import type { Column } from "../screen/table.ts";
import type { Services } from "../services.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Characters of an id that lists show and commands take. */
const SHORT_ID = 8;
const MIN_PREFIX = 4;
const LISTED = 100;

export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  queued: "queued",
  running: "running",
  awaiting_approval: "needs approval",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  timed_out: "timed out",
  blocked: "blocked",
};

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

export function paintState(colors: Colors, state: RunState): (text: string) => string {
  if (state === "completed") return colors.green;
  if (state === "failed" || state === "blocked" || state === "timed_out") return colors.red;
  if (state === "awaiting_approval") return colors.yellow;
  return state === "cancelled" ? colors.dim : colors.cyan;
}

export function runColumns(colors: Colors, now: number, agentOf: (deploymentId: string) => string): Column<RunRow>[] {
  return [
    { title: "RUN", of: ({ run }) => shortId(run.runId) },
    {
      title: "STATE",
      of: ({ state }) => STATE_WORDS[state],
      paint: (cell, { state }) => paintState(colors, state)(cell),
    },
    { title: "AGENT", of: ({ run }) => agentOf(run.deploymentId), min: 12, spare: 2 },
    { title: "STARTED", of: ({ startedAt }) => `${age(now - startedAt)} ago`.replace("now ago", "now"), spare: 1 },
    { title: "TOOK", of: ({ startedAt, endedAt }) => duration((endedAt ?? now) - startedAt), spare: 3 },
    { title: "COST", of: ({ usage, endedAt }) => (endedAt === undefined ? "" : (cost(usage) ?? "")), spare: 4 },
    { title: "MESSAGE", of: ({ message, detail }) => detail ?? message ?? "", min: 12 },
  ];
}

export function runJson({ run, state, detail, message, startedAt, endedAt, usage }: RunRow): object {
  return {
    run_id: run.runId,
    deployment_id: run.deploymentId,
    state,
    ...(detail ? { detail } : {}),
    ...(message ? { message } : {}),
    started_at: new Date(startedAt).toISOString(),
    ...(endedAt === undefined ? {} : { ended_at: new Date(endedAt).toISOString() }),
    ...(usage ? { usage: usageFields(usage) } : {}),
    ...(run.url ? { url: run.url } : {}),
  };
}

/** The whole id for one that was typed in full or in part. Throws `not_found`, or `invalid_input` when it is not clear. */
export async function findRunId(services: Services, typed: string): Promise<string> {
  if (UUID.test(typed)) return typed.toLowerCase();
  if (!/^[0-9a-f-]+$/i.test(typed) || typed.length < MIN_PREFIX) {
    throw new ExecutionFailure(
      "invalid_input",
      `"${typed}" is not the id of a run; seren-bridge runs list shows them, and the first ${MIN_PREFIX} characters are enough`,
    );
  }
  const { organization } = await services.remote();
  const rows = await organization.runs({ limit: LISTED });
  const found = rows.filter(({ run }) => run.runId.startsWith(typed.toLowerCase()));
  const [only] = found;
  if (only && found.length === 1) return only.run.runId;
  if (found.length > 1)
    throw new ExecutionFailure("invalid_input", `several runs begin with ${typed}; give more of the id`);
  throw new ExecutionFailure(
    "not_found",
    `none of the last ${LISTED} runs begins with ${typed}; give the whole id of an older one`,
  );
}

/** Names of deployments, for lists; ids where there is no name. */
export async function agentNames(services: Services): Promise<(deploymentId: string) => string> {
  const { organization } = await services.remote();
  const target = generalAgentTarget();
  const general = target.kind === "workload" ? target.name : "";
  const names = new Map(
    (await organization.deployments().catch(() => [])).map(({ id, name }) => [id, name === general ? "general" : name]),
  );
  return (id) => names.get(id) ?? shortId(id);
}
