/** The runs and deployments of an organization: lists for people, and the deletion of deployments. */
import {
  AWAITING_APPROVAL,
  type Deployment,
  endingOf,
  type Rows,
  type Run,
  type SerenClient,
} from "../../seren/index.ts";
import { microsOf } from "../../support/money.ts";
import type { OutcomeKind, RunRef, Usage } from "../events.ts";
import { runRefOf, usageOf } from "../run/outcome.ts";
import { look } from "./look.ts";

/** `queued`, `running` and `awaiting_approval` have not ended. Unknown values of the service count as `running`. */
export type RunState = "queued" | "running" | OutcomeKind;

export interface RunRow {
  run: RunRef;
  state: RunState;
  /** The service's message about the state. */
  detail?: string;
  /** The message of the request, as far as the service repeats it. */
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
  readonly #clean: (text: string) => string;

  /** `clean` removes secrets from what the service says, before a list shortens it. Default: nothing is removed. */
  constructor(client: SerenClient, clean: (text: string) => string = (text) => text) {
    this.#client = client;
    this.#clean = clean;
  }

  /** Returns the newest runs first, at most `limit`; the service allows 100. */
  async runs(query: { limit: number; goingOn?: boolean; deploymentId?: string }): Promise<Rows<RunRow>> {
    const { limit, goingOn, deploymentId } = query;
    const status = goingOn ? { status: GOING_ON } : {};
    return look(this.#client, async (signal) => {
      const rows: RunRow[] = [];
      let unreadable = 0;
      // A page of large records ends before the limit.
      for (let hasMore = true; hasMore && rows.length + unreadable < limit; ) {
        const offset = rows.length + unreadable;
        const wanted = { limit: limit - offset, offset, ...status };
        const page = await this.#client.listRunPage(deploymentId, wanted, { signal });
        rows.push(...page.runs.map((run) => this.#runRow(run)));
        unreadable += page.unreadable;
        hasMore = page.hasMore && rows.length + unreadable > offset;
      }
      return { rows: rows.sort((a, b) => b.startedAt - a.startedAt), unreadable };
    });
  }

  /** Rejects with `not_found`. */
  async run(runId: string): Promise<RunRow> {
    return this.#runRow(await look(this.#client, (signal) => this.#client.getRun(runId, { signal })));
  }

  /** Returns the tool or step of the run. Undefined when the service does not say. */
  async step(runId: string): Promise<string | undefined> {
    const state = await look(this.#client, (signal) => this.#client.getRunState(runId, { attempts: 1, signal }));
    const step = state.currentTool ?? state.currentStep;
    return step && this.#clean(step);
  }

  /** Returns the newest deployments first. */
  async deployments(): Promise<Rows<DeploymentRow>> {
    const { rows, unreadable } = await look(this.#client, (signal) => this.#client.listDeployments({ signal }));
    return { rows: rows.map((row) => this.#deploymentRow(row)).sort((a, b) => b.createdAt - a.createdAt), unreadable };
  }

  /** What all runs of a deployment have cost, in millionths of a dollar. Undefined when the service does not say it. */
  async spend(deploymentId: string): Promise<{ micros: number; runs?: number } | undefined> {
    const { totalUsd, runs } = await look(this.#client, (signal) =>
      this.#client.getSpend(deploymentId, { attempts: 2, signal }),
    );
    const micros = microsOf(totalUsd);
    return micros === undefined ? undefined : { micros, ...(runs === undefined ? {} : { runs }) };
  }

  /** Cannot be undone. The service cancels the runs of the deployment. */
  deleteDeployment(deploymentId: string): Promise<void> {
    return look(this.#client, (signal) => this.#client.deleteDeployment(deploymentId, { signal }));
  }

  #runRow(record: Run): RunRow {
    const row = runRowOf(record);
    const { detail, message } = row;
    return {
      ...row,
      ...(detail === undefined ? {} : { detail: this.#clean(detail) }),
      ...(message === undefined ? {} : { message: this.#clean(message) }),
    };
  }

  #deploymentRow(deployment: Deployment): DeploymentRow {
    const row = deploymentRowOf(deployment);
    return row.error === undefined ? row : { ...row, error: this.#clean(row.error) };
  }
}

function runRowOf(record: Run): RunRow {
  const usage = usageOf(record);
  const ended = endingOf(record.status) ? (record.completedAt ?? record.updatedAt) : undefined;
  const message = record.payload?.message;
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

export function displayStateOf(status: string): RunState {
  if (status === "queued") return "queued";
  return status === AWAITING_APPROVAL ? AWAITING_APPROVAL : (endingOf(status) ?? "running");
}

function deploymentRowOf({
  id,
  name = "",
  status,
  mode = "",
  modelId,
  errorMessage,
  createdAt,
}: Deployment): DeploymentRow {
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
