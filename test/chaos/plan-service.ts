/** The service of one plan, with what really happened on it read from its memory, past all faults. */
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { LocalCloud, type LocalRequest, type LocalResponse, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { ask } from "../sim/ground-truth.ts";
import { API_KEY } from "./canaries.ts";
import type { ChaosPlan } from "./chaos-plan.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows of the service, in whatever shape it shows them
type Row = any;
type Stage = Parameters<ReturnType<typeof builtInAgent>>[0];

const DEPLOYMENT = { mode: "job", skill_slug: "chaos", workload: { execution: { type: "llm", bundle: {} } } };

/** A run as it really was. */
export interface SeenRun {
  id: string;
  /** Of its request. */
  tag: string;
  status: string;
  /** The answer as its record has it. */
  text: string;
}

class TrueRun implements SeenRun {
  readonly #stage: Stage;
  readonly tag: string;

  constructor(stage: Stage, tag: string) {
    this.#stage = stage;
    this.tag = tag;
  }

  get id(): string {
    return this.#stage.run.id;
  }

  get status(): string {
    return this.#stage.run.status;
  }

  get text(): string {
    const rows = this.#stage.run.log.entries.map(({ event }) => event);
    const text = rows.map((row) => (row.type === "text" && typeof row.text === "string" ? row.text : "")).join("");
    return text || fromOutput(this.#stage.run.output);
  }
}

export class World {
  readonly plan: ChaosPlan;
  readonly cloud: LocalCloud;
  /** Those whose work began. */
  readonly runs: SeenRun[] = [];
  deploymentId = "";
  /** Deployments there were before the program was asked for anything. */
  deploymentsBefore = 0;

  constructor(plan: ChaosPlan) {
    this.plan = plan;
    const work = builtInAgent(0);
    this.cloud = new LocalCloud({
      ambient: realAmbient,
      keys: [API_KEY, "truth"],
      faults: plan.faults,
      ...plan.service,
      agent: (stage) => {
        this.#letPersonDecide(stage);
        this.runs.push(new TrueRun(stage, tagIn(stage.message)));
        return work(stage);
      },
    });
  }

  /** Makes the deployment that requests name. */
  async setUp(): Promise<void> {
    const made = await ask(this.cloud, realAmbient, "POST", "/deploy", {
      ...DEPLOYMENT,
      name: `plan-${this.plan.seed}`,
    });
    this.deploymentId = made.id;
    this.deploymentsBefore = this.cloud.stats().deploymentsCreated;
  }

  /** A run that ended before its work began. */
  async neverBegun(id: string): Promise<SeenRun | undefined> {
    const row: Row = await ask(this.cloud, realAmbient, "GET", `/runs/${id}`).catch(() => undefined);
    return row && { id, tag: tagIn(row.invocation_payload?.message), status: row.status, text: "" };
  }

  /** Resolves when no run goes on; false when some still do after `ms`. */
  async quiet(ms: number): Promise<boolean> {
    const until = Date.now() + ms;
    while (this.cloud.stats().runsActive.length > 0 && Date.now() < until) await sleep(25);
    return this.cloud.stats().runsActive.length === 0;
  }

  #letPersonDecide(stage: Stage): void {
    const { approvals } = stage;
    const { afterMs, decision } = this.plan.person;
    stage.approvals = (requests) => {
      setTimeout(() => void this.#decide(stage.run.id, decision).catch(() => undefined), afterMs).unref();
      return approvals.call(stage, requests);
    };
  }

  async #decide(runId: string, decision: string): Promise<void> {
    const pending: Row = await ask(this.cloud, realAmbient, "GET", `/runs/${runId}/pending_approvals`);
    if (pending.status !== "awaiting_approval") return;
    const decisions = pending.pending_approvals.map(({ id }: { id: string }) => ({ id, decision }));
    const body = { resume_checkpoint_id: pending.checkpoint_id, approval_decisions: decisions };
    await ask(this.cloud, realAmbient, "POST", `/runs/${runId}/resume`, body);
  }
}

/** One address for many plans: calls go to the plan whose deployment or run they name, the rest to one of them. */
export class Switchboard extends LocalCloud {
  /** Takes what names neither a deployment nor a run. */
  commons: World | undefined;
  readonly #worlds = new Set<World>();
  readonly #byRun = new Map<string, World>();

  constructor() {
    super({ ambient: realAmbient });
  }

  add(world: World): void {
    this.#worlds.add(world);
  }

  override handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    const world = this.#worldOf(request.path);
    return world ? world.cloud.handle(request, signal) : super.handle(request, signal);
  }

  #worldOf(path: string): World | undefined {
    const [, kind, id = ""] = /^\/(deployments|runs)\/([^/?]+)/.exec(path.slice(PUBLISHER_PREFIX.length)) ?? [];
    if (kind === "deployments") {
      for (const world of this.#worlds) if (world.deploymentId === id) return world;
    }
    return (kind === "runs" && this.#worldOfRun(id)) || this.commons;
  }

  #worldOfRun(id: string): World | undefined {
    let found = this.#byRun.get(id);
    for (const world of found ? [] : this.#worlds) {
      if (world.runs.some((run) => run.id === id) || world.cloud.stats().runsActive.includes(id)) found = world;
    }
    if (found) this.#byRun.set(id, found);
    return found;
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const tagIn = (message: string | undefined) => /tag-\d+-\d+/.exec(message ?? "")?.[0] ?? "";

function fromOutput(output: string | undefined): string {
  try {
    const { response } = JSON.parse(output ?? "");
    return typeof response === "string" ? response : (output ?? "");
  } catch {
    return output ?? "";
  }
}
