/** Runs in lists: their columns and their JSON. */
import type { RunRow, RunState } from "../../../core/index.ts";
import { runFields, usageFields } from "../live/run-output-lines.ts";
import type { Colors } from "../screen/colors.ts";
import { age, cost, duration } from "../screen/format.ts";
import type { Column } from "../screen/table.ts";

/** Characters of an id that lists show. */
const SHORT_ID = 8;

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
  const { url, ...named } = runFields(run);
  return {
    ...named,
    state,
    ...(detail ? { detail } : {}),
    ...(message ? { message } : {}),
    started_at: new Date(startedAt).toISOString(),
    ...(endedAt === undefined ? {} : { ended_at: new Date(endedAt).toISOString() }),
    ...(usage ? { usage: usageFields(usage) } : {}),
    ...(url === undefined ? {} : { url }),
  };
}
