/** What an organization has on the service, in neutral words: lists for people, and taking away what is not used. */
import { AWAITING_APPROVAL, type Deployment, endingOf, type Run, type SerenClient } from "../../seren/index.ts";
import type { OutcomeKind, RunRef, Usage } from "../events.ts";
import { runRefOf, usageOf } from "../run/outcome.ts";

/** `queued`, `running` and `awaiting_approval` are still going; unknown values of the service read as `running`. */
export type RunState = "queued" | "running" | OutcomeKind;

export interface RunRow {
  run: RunRef;
  state: RunState;
  /** What the service says about the state. */
  detail?: string;
  /** What was asked, as far as the service repeats it. */
  message?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
  usage?: Usage;
}

export interface DeploymentRow {
  id: string;
  name: string;
  /** `pending`, `building`, `running`, `stopped`, `failed`, or a value this version does not know. */
  status: string;
  mode: string;
  model?: string;
  error?: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

const GOING_ON = "queued,running,awaiting_approval";

export class Organization {
  readonly #client: SerenClient;

  constructor(client: SerenClient) {
    this.#client = client;
  }

  /** The newest first, at most `limit` (100 is the most the service gives). */
  async runs(query: { limit: number; goingOn?: boolean; deploymentId?: string }): Promise<RunRow[]> {
    const { limit, goingOn, deploymentId } = query;
    const records = await this.#client.listRuns(deploymentId, { limit, ...(goingOn ? { status: GOING_ON } : {}) });
    return records.map(runRowOf).sort((a, b) => b.startedAt - a.startedAt);
  }

  /** Rejects with `not_found`. */
  async run(runId: string): Promise<RunRow> {
    return runRowOf(await this.#client.getRun(runId));
  }

  /** What the run is doing: its tool or step. Undefined when the service does not say. */
  async step(runId: string): Promise<string | undefined> {
    const state = await this.#client.getRunState(runId, { attempts: 1 });
    return state.currentTool ?? state.currentStep;
  }

  async deployments(): Promise<DeploymentRow[]> {
    return (await this.#client.listDeployments()).map(deploymentRowOf).sort((a, b) => b.createdAt - a.createdAt);
  }

  /** For ever. The service cancels the runs it has. */
  deleteDeployment(deploymentId: string): Promise<void> {
    return this.#client.deleteDeployment(deploymentId);
  }
}

function runRowOf(record: Run): RunRow {
  const usage = usageOf(record);
  const ended = endingOf(record.status) ? (record.completedAt ?? record.updatedAt) : undefined;
  const { message } = record;
  return {
    run: runRefOf(record),
    state: displayStateOf(record.status),
    startedAt: record.startedAt ?? record.createdAt ?? 0,
    ...(record.statusMessage ? { detail: record.statusMessage } : {}),
    ...(message ? { message } : {}),
    ...(ended === undefined ? {} : { endedAt: ended }),
    ...(usage ? { usage } : {}),
  };
}

function displayStateOf(status: string): RunState {
  if (status === "queued") return "queued";
  return status === AWAITING_APPROVAL ? AWAITING_APPROVAL : (endingOf(status) ?? "running");
}

function deploymentRowOf({ id, name, status, mode, modelId, errorMessage, createdAt }: Deployment): DeploymentRow {
  return {
    id,
    name,
    status,
    mode,
    createdAt: createdAt ?? 0,
    ...(modelId ? { model: modelId } : {}),
    ...(errorMessage ? { error: errorMessage } : {}),
  };
}
