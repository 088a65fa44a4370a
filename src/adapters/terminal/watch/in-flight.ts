/** The runs in flight: the journal lists those this machine waits for, the service has their states. */
import type { RunRow, RunState } from "../../../core/index.ts";
import type { InFlightRun, Services } from "../services.ts";

/** Steps are requested for this many runs at most: a screen shows no more. */
const MAX_STEPS = 20;

/** A run of a dead owner is cancelled by the next start; one of an unknown owner only by a person. */
const OWNER_WORDS: Readonly<Record<InFlightRun["owner"], string>> = {
  alive: "",
  dead: " (gone)",
  unknown: " (not seen from here)",
  kept: " (batch --resume)",
};

export interface WatchedRun {
  /** Absent while the run is being started. */
  runId?: string;
  deploymentId: string;
  agent: string;
  state: RunState | "starting";
  /** The host that started it: `dispatch`, `roder`, `terminal`; `elsewhere` when no process of this machine waits for it. */
  host: string;
  step?: string;
  message?: string;
  /** Milliseconds since the epoch. */
  since: number;
}

export interface WatchOptions {
  /** Returns the name of a deployment. */
  agentOf: (deploymentId: string) => string;
  /** Whether runs are listed that this machine does not wait for. */
  all: boolean;
}

/**
 * Lists the runs that this machine waits for, and with `all` every active run of the organization. Runs that wait for an
 * approval are always included, and come first: a Dispatch turn ends while its run waits.
 */
export async function listWatchedRuns(services: Services, { agentOf, all }: WatchOptions): Promise<WatchedRun[]> {
  const { organization } = await services.remote();
  const [inFlight, { rows }] = await Promise.all([
    services.inFlightRuns(),
    organization.runs({ limit: 100, goingOn: true }),
  ]);
  const runs = mergeRuns(inFlight, rows, { agentOf, all });
  await Promise.all(
    runs.slice(0, MAX_STEPS).map(async (run) => {
      if (run.state !== "running" || !run.runId) return;
      const step = await organization.step(run.runId).catch(() => undefined); // the list is useful without it
      if (step) run.step = step;
    }),
  );
  return runs;
}

/** Joins the journal's entries with the service's active runs. */
function mergeRuns(
  inFlight: readonly InFlightRun[],
  rows: readonly RunRow[],
  { agentOf, all }: WatchOptions,
): WatchedRun[] {
  const hosts = new Map(
    inFlight.flatMap(({ runId, host, owner }) => (runId ? [[runId, host + OWNER_WORDS[owner]]] : [])),
  );
  const known = rows
    .filter(({ run, state }) => all || state === "awaiting_approval" || hosts.has(run.runId))
    .map(
      ({ run, state, message, startedAt }): WatchedRun => ({
        runId: run.runId,
        deploymentId: run.deploymentId,
        agent: agentOf(run.deploymentId),
        state,
        host: hosts.get(run.runId) ?? "elsewhere",
        since: startedAt,
        ...(message ? { message } : {}),
      }),
    );
  const starting = inFlight
    .filter(({ runId, owner }) => runId === undefined && owner === "alive")
    .map(
      ({ deploymentId, host, since }): WatchedRun => ({
        deploymentId,
        agent: agentOf(deploymentId),
        state: "starting",
        host,
        since,
      }),
    );
  const urgency = ({ state }: WatchedRun) => (state === "awaiting_approval" ? 0 : 1);
  return [...known, ...starting].sort((a, b) => urgency(a) - urgency(b) || a.since - b.since);
}
