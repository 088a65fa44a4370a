/** One simulated world: a service, a road, and processes that run the core on them. */
import { Canceller } from "../../src/core/cancel/canceller.ts";
import { Journal } from "../../src/core/cancel/journal.ts";
import { sweep } from "../../src/core/cancel/sweep.ts";
import { type Execute, RunRegistry, type RunRequest } from "../../src/core/index.ts";
import { createExecute } from "../../src/core/run/run-session.ts";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { LocalCloud } from "../../src/local/index.ts";
import { SerenClient } from "../../src/seren/index.ts";
import { silentLog } from "../../src/support/log.ts";
import { derive, Lots } from "../support/in-process/seeded-random.ts";
import { VirtualAmbient } from "../support/in-process/virtual-ambient.ts";
import { ask } from "./ground-truth.ts";
import { ProcessAmbient } from "./process-ambient.ts";
import { Told } from "./run-recorder.ts";
import { SimDisk } from "./simulated-disk.ts";
import { SimTransport } from "./simulated-transport.ts";
import type { Plan, RunPlan } from "./simulation-plan.ts";
import { Trace } from "./trace.ts";

export const GONE = "00000000-0000-4000-8000-00000000dead";
export const SETUP_NAME = "made-before";

export class World {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly clock: VirtualAmbient;
  readonly cloud: LocalCloud;
  readonly disk: SimDisk;
  /** Set by `setUp` where the plan needs one. */
  deploymentId = GONE;

  constructor(plan: Plan, keepLines = false) {
    this.plan = plan;
    this.trace = new Trace(keepLines);
    this.clock = new VirtualAmbient(plan.seed, { reorderTies: true, maxSteps: 300_000 });
    this.disk = new SimDisk(new Lots(derive(plan.seed, 2)));
    const works = builtInAgent(0);
    this.cloud = new LocalCloud({
      ambient: this.clock,
      faults: plan.faults,
      ...plan.service,
      agent: (stage) => {
        const { person } = plan;
        const { approvals } = stage;
        if (person) {
          stage.approvals = (requests) => {
            this.clock.timer(person.afterMs, () => void this.#decide(stage.run.id, person.decision));
            return approvals.call(stage, requests);
          };
        }
        return works(stage);
      },
    });
  }

  async setUp(): Promise<void> {
    const needed = this.plan.runs.some(({ target }) => target.kind === "deployment" || target.known === "live");
    if (!needed) return;
    const body = { ...DEPLOYMENT, name: SETUP_NAME };
    const made = await ask(this.cloud, this.clock, "POST", "/deploy", body);
    this.deploymentId = made.id;
  }

  /** A process with nothing in it yet. `number` tells processes of one world apart. */
  process(number: number): Process {
    return new Process(this, number);
  }

  async #decide(runId: string, decision: "approve" | "reject"): Promise<void> {
    const pending = await ask(this.cloud, this.clock, "GET", `/runs/${runId}/pending_approvals`);
    if (pending.status !== "awaiting_approval") return;
    this.trace.note(`${this.clock.now()} a person decides: ${decision}`);
    const decisions = pending.pending_approvals.map(({ id }: { id: string }) => ({ id, decision }));
    const body = { resume_checkpoint_id: pending.checkpoint_id, approval_decisions: decisions };
    await ask(this.cloud, this.clock, "POST", `/runs/${runId}/resume`, body).catch(() => undefined);
  }
}

export class Process {
  readonly ambient: ProcessAmbient;
  readonly transport: SimTransport;
  readonly execute: Execute;
  readonly registry: RunRegistry;
  readonly client: SerenClient;
  readonly canceller: Canceller;
  readonly told: Told[] = [];
  readonly #journal: Journal;
  readonly #world: World;

  constructor(world: World, number: number) {
    this.#world = world;
    const { plan, clock, cloud, trace } = world;
    this.ambient = new ProcessAmbient(clock, derive(plan.seed, 10 + number));
    const road = { ...plan.road, seed: plan.road.seed + number };
    this.transport = new SimTransport(cloud, this.ambient, road, trace);
    this.client = new SerenClient(this.transport, this.ambient);
    this.canceller = new Canceller(this.client, silentLog);
    this.#journal = new Journal({
      store: world.disk.storeOf(this.ambient),
      account: () => "account",
      host: "sim",
      ambient: this.ambient,
      log: silentLog,
    });
    const { client, canceller } = this;
    this.execute = createExecute({ client, canceller, log: silentLog, journal: this.#journal });
    this.registry = new RunRegistry(() => Promise.resolve(this.execute), this.ambient);
  }

  /** Dies in the middle of whatever it is doing. */
  kill(): void {
    this.ambient.kill();
    this.transport.kill();
  }

  /** What every start does: cancels what processes that died left behind. */
  sweep(): Promise<void> {
    const { client, canceller } = this;
    const { signal } = new AbortController();
    return sweep({ client, canceller, journal: this.#journal, log: silentLog, signal });
  }

  /** Starts what the plan says, each at its time. */
  start(): void {
    this.#world.plan.runs.forEach((run, index) => {
      const told = new Told(`run${index}`, run.consumer, this.ambient, this.#world.trace, (phase) =>
        this.#stopAt(told, run, phase),
      );
      this.told.push(told);
      this.ambient.timer(run.atMs, () => this.#begin(told, run));
    });
    const { drain } = this.#world.plan;
    if (drain) this.ambient.timer(drain.atMs, () => void this.#drain(drain.budgetMs));
  }

  async #drain(budgetMs: number): Promise<void> {
    const began = this.ambient.now();
    for (const told of this.told) told.stoppedAt ??= began;
    await this.registry.drain("shutdown", budgetMs);
    if (this.ambient.now() - began > budgetMs + 1) this.told[0]?.wrong.push("I6: draining took longer than its budget");
  }

  #begin(told: Told, plan: RunPlan): void {
    const request = this.#requestOf(told, plan);
    if (!request) return;
    const deadline = this.ambient.now() + plan.timeoutMs;
    try {
      const live = this.registry.start(told.tag, request, deadline, told.take);
      const settle = () => {
        told.settlements += 1;
        told.settledAt = this.ambient.now();
        told.timersLeft = this.ambient.waiting;
      };
      live.outcome.then(
        (outcome) => {
          settle();
          told.outcome = outcome;
          this.#world.trace.note(`${told.settledAt} ${told.tag} ended ${JSON.stringify(outcome)}`);
        },
        (failure: unknown) => {
          settle();
          told.failure = failure;
          this.#world.trace.note(`${told.settledAt} ${told.tag} failed ${String(failure)}`);
        },
      );
    } catch (failure) {
      told.settledAt = this.ambient.now(); // refused: the process is shutting down
      told.settlements += 1;
      told.failure = failure;
      return;
    }
    // On the road's clock: what is set on the process's own is the program's.
    this.ambient.road.timer(plan.timeoutMs, () => {
      if (told.settledAt === undefined && this.ambient.alive) told.stoppedAt ??= this.ambient.now();
    });
    this.#stopAt(told, plan, undefined);
  }

  #stopAt(told: Told, plan: RunPlan, phase: string | undefined): void {
    for (const stop of plan.stops) {
      if (stop.phase !== phase) continue;
      const act = () => {
        this.#world.trace.note(`${this.ambient.now()} ${told.tag} stop by ${stop.by}`);
        if (this.registry.cancel(told.tag, stop.by)) told.stoppedAt ??= this.ambient.now();
      };
      if (stop.ms === 0) act();
      else this.ambient.timer(stop.ms, act);
    }
  }

  #requestOf(told: Told, plan: RunPlan): RunRequest | undefined {
    const { target } = plan;
    const attachTo = plan.attachTo === undefined ? undefined : this.told[plan.attachTo]?.runId;
    if (plan.attachTo !== undefined && attachTo === undefined) return undefined;
    return {
      target:
        target.kind === "deployment"
          ? { kind: "deployment", deploymentId: this.#world.deploymentId, named: "the plan" }
          : {
              kind: "workload",
              name: target.name,
              ...(target.known ? { knownId: target.known === "live" ? this.#world.deploymentId : GONE } : {}),
              create: () => ({ ...DEPLOYMENT, name: target.name }),
            },
      message: `@script ${JSON.stringify(plan.script)}`,
      inputs: { tag: told.tag },
      onApproval: plan.onApproval,
      ...(plan.detach ? { detach: true } : {}),
      ...(attachTo === undefined ? {} : { attachTo }),
      ...(plan.owned ? { owned: true } : {}),
      ...(plan.conversation ? { conversationId: plan.conversation } : {}),
    };
  }
}

const DEPLOYMENT = {
  mode: "job" as const,
  skill_slug: "sim",
  workload: { execution: { type: "llm" as const, bundle: {} } },
};
