/** The service of one plan. What really happened is read from its memory, unaffected by faults. */
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { LocalCloud, type LocalRequest, type LocalResponse, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { answerInOutput, decideApprovals, requestUntilAnswered } from "../sim/ground-truth.ts";
import { API_KEY } from "./canaries.ts";
import type { ServedPlan } from "./chaos-plan.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows of the service, in whatever shape it shows them
type Row = any;
type Stage = Parameters<ReturnType<typeof builtInAgent>>[0];

const DEPLOYMENT = { mode: "job", skill_slug: "chaos", workload: { execution: { type: "llm", bundle: {} } } };

/** A run as the service has it. */
export interface ActualRun {
  id: string;
  /** The tag of the request that started it. */
  tag: string;
  status: string;
  /** The answer in its record. */
  text: string;
}

class ServiceRun implements ActualRun {
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
    return text || answerInOutput(this.#stage.run.output);
  }
}

export class PlanService {
  readonly plan: ServedPlan;
  readonly cloud: LocalCloud;
  /** Runs whose agent has started. */
  readonly runs: ActualRun[] = [];
  deploymentId = "";
  /** Number of deployments before the first request. */
  deploymentsBefore = 0;

  constructor(plan: ServedPlan) {
    this.plan = plan;
    const work = builtInAgent(0);
    this.cloud = new LocalCloud({
      ambient: realAmbient,
      keys: [API_KEY, "truth"],
      faults: plan.faults,
      ...plan.service,
      agent: (stage) => {
        this.#letPersonDecide(stage);
        this.runs.push(new ServiceRun(stage, tagIn(stage.message)));
        return work(stage);
      },
    });
  }

  get #access() {
    return { service: this.cloud, ambient: realAmbient };
  }

  /** Creates the deployment that requests name. */
  async setUp(): Promise<void> {
    const made = await requestUntilAnswered(this.#access, "POST", "/deploy", {
      ...DEPLOYMENT,
      name: `plan-${this.plan.seed}`,
    });
    this.deploymentId = made.id;
    this.deploymentsBefore = this.cloud.stats().deploymentsCreated;
  }

  /** Returns a run that ended before its agent started; undefined when there is none. */
  async neverBegun(id: string): Promise<ActualRun | undefined> {
    const row: Row = await requestUntilAnswered(this.#access, "GET", `/runs/${id}`).catch(() => undefined);
    return row && { id, tag: tagIn(row.invocation_payload?.message), status: row.status, text: "" };
  }

  /** Waits until no run is active. Returns false if some still are after `ms`. */
  async quiet(ms: number): Promise<boolean> {
    const until = Date.now() + ms;
    while (this.cloud.stats().runsActive.length > 0 && Date.now() < until) await sleep(25);
    return this.cloud.stats().runsActive.length === 0;
  }

  #letPersonDecide(stage: Stage): void {
    const { approvals } = stage;
    const { afterMs, decision } = this.plan.person;
    stage.approvals = (requests) => {
      setTimeout(
        () => void decideApprovals(this.#access, stage.run.id, decision).catch(() => undefined),
        afterMs,
      ).unref();
      return approvals.call(stage, requests);
    };
  }
}

/** One address for many plans: a call goes to the plan whose deployment or run it names, any other to `fallback`. */
export class ServiceRouter extends LocalCloud {
  /** Receives calls that name neither a deployment nor a run of a plan. */
  fallback: PlanService | undefined;
  readonly #services = new Set<PlanService>();
  readonly #byRun = new Map<string, PlanService>();

  constructor() {
    super({ ambient: realAmbient });
  }

  add(service: PlanService): void {
    this.#services.add(service);
  }

  override handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    const service = this.#worldOf(request.path);
    return service ? service.cloud.handle(request, signal) : super.handle(request, signal);
  }

  #worldOf(path: string): PlanService | undefined {
    const [, kind, id = ""] = /^\/(deployments|runs)\/([^/?]+)/.exec(path.slice(PUBLISHER_PREFIX.length)) ?? [];
    if (kind === "deployments") {
      for (const service of this.#services) if (service.deploymentId === id) return service;
    }
    return (kind === "runs" && this.#worldOfRun(id)) || this.fallback;
  }

  #worldOfRun(id: string): PlanService | undefined {
    let found = this.#byRun.get(id);
    for (const service of found ? [] : this.#services) {
      if (service.runs.some((run) => run.id === id) || service.cloud.stats().runsActive.includes(id)) found = service;
    }
    if (found) this.#byRun.set(id, found);
    return found;
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const tagIn = (message: string | undefined) => /tag-\d+-\d+/.exec(message ?? "")?.[0] ?? "";
