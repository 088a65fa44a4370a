/** What is going on: the journal says which runs this machine waits for, the service says how they are doing. */
import type { RunRow, RunState } from "../../../core/index.ts";
import type { InFlightRun, Services } from "../services.ts";

/** More steps than a screen shows are not asked for. */
const MAX_STEPS = 20;

export interface WatchedRun {
  /** Absent while the run is being started. */
  runId?: string;
  deploymentId: string;
  agent: string;
  state: RunState | "starting";
  /** Who asked: `dispatch`, `roder`, `terminal`; `elsewhere` when no process of this machine waits for it. */
  host: string;
  step?: string;
  message?: string;
  /** Milliseconds since the epoch. */
  since: number;
}

/**
 * `all`: also the runs of the organization that this machine does not wait for. Those that wait for a person are always
 * among them, and come first: a Dispatch turn ends while its run waits.
 */
export async function listWatchedRuns(
  services: Services,
  agentOf: (id: string) => string,
  all: boolean,
): Promise<WatchedRun[]> {
  const { organization } = await services.remote();
  const [flights, rows] = await Promise.all([
    services.inFlightRuns(),
    organization.runs({ limit: 100, goingOn: true }),
  ]);
  const runs = mergeRuns(flights, rows, agentOf, all);
  await Promise.all(
    runs.slice(0, MAX_STEPS).map(async (run) => {
      if (run.state !== "running" || !run.runId) return;
      const step = await organization.step(run.runId).catch(() => undefined); // the list alone says enough
      if (step) run.step = step;
    }),
  );
  return runs;
}

function mergeRuns(
  flights: readonly InFlightRun[],
  rows: readonly RunRow[],
  agentOf: (id: string) => string,
  all: boolean,
): WatchedRun[] {
  const hosts = new Map(
    flights.flatMap(({ runId, host, alive }) => (runId ? [[runId, alive ? host : `${host} (gone)`]] : [])),
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
  const starting = flights
    .filter(({ runId, alive }) => runId === undefined && alive)
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
