/** The environment of one plan: a service, a network, and processes that run the core. */
import { ApprovalDesk } from "../../src/core/account/approvals.ts";
import { Canceller } from "../../src/core/cancel/canceller.ts";
import { Journal } from "../../src/core/cancel/journal.ts";
import { sweep } from "../../src/core/cancel/sweep.ts";
import { MemoryNotes } from "../../src/core/deployment/deployment-notes.ts";
import { type Execute, RunRegistry, type RunRequest } from "../../src/core/index.ts";
import { createExecute } from "../../src/core/run/run-session.ts";
import { guardedExecute } from "../../src/core/spend/guarded-execute.ts";
import { SpendGuard } from "../../src/core/spend/spend-guard.ts";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { LocalCloud, type LocalService } from "../../src/local/index.ts";
import { SerenClient } from "../../src/seren/index.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { silentLog } from "../../src/support/log.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { VirtualAmbient } from "../support/in-process/virtual-ambient.ts";
import { decideApprovals, requestUntilAnswered } from "./ground-truth.ts";
import { ProcessAmbient } from "./process-ambient.ts";
import { RunRecorder } from "./run-recorder.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { SimulatedNotices } from "./simulated-notices.ts";
import { SimulatedTransport } from "./simulated-transport.ts";
import type { PlannedRun, SimulationPlan } from "./simulation-plan.ts";
import { Trace } from "./trace.ts";

const MISSING_ID = "00000000-0000-4000-8000-00000000dead";
/** Number of the first process that decides approvals. */
const FIRST_DECIDER = 100;
export const PREPARED_NAME = "made-before";

export class Environment {
  readonly plan: SimulationPlan;
  readonly trace: Trace;
  readonly clock: VirtualAmbient;
  readonly cloud: LocalCloud;
  readonly disk: SimulatedDisk;
  readonly notices: SimulatedNotices;
  readonly ledger: SimulatedLedger;
  /** What went wrong besides the runs. */
  readonly problems: string[] = [];
  /** Outlive processes, too. */
  readonly notes = new MemoryNotes();
  /** The service as the simulated person meets it: a person reads what a program may fail to read. */
  readonly #person: LocalService;
  /** The deployment that `setUp` creates, if the plan needs one. */
  deploymentId = MISSING_ID;

  /** Whether the folder of a caretaker is there. */
  readonly isKept: (folder: string) => boolean;

  constructor(plan: SimulationPlan, keepLines = false, isKept: (folder: string) => boolean = () => false) {
    this.plan = plan;
    this.isKept = isKept;
    this.trace = new Trace(keepLines);
    this.clock = new VirtualAmbient(plan.seed, { reorderTies: true, maxSteps: 300_000 });
    this.disk = new SimulatedDisk(new SeededRandom(deriveSeed(plan.seed, 2)));
    this.notices = new SimulatedNotices(new SeededRandom(deriveSeed(plan.seed, 3)), this.trace);
    this.ledger = new SimulatedLedger(new SeededRandom(deriveSeed(plan.seed, 4)));
    const works = builtInAgent(0);
    this.cloud = new LocalCloud({
      ambient: this.clock,
      faults: plan.faults,
      onOdd: (odd) => this.trace.note(`${this.clock.now()} odd ${JSON.stringify(odd)}`),
      ...plan.service,
      agent: (stage) => {
        const { person } = plan;
        const { approvals } = stage;
        if (person) {
          stage.approvals = (requests) => {
            this.clock.timer(person.afterMs, () => this.#decide(stage.run.id, person));
            return approvals.call(stage, requests);
          };
        }
        return works(stage);
      },
    });
    const isOdd = plan.faults.rules.some(({ kind }) => kind === "odd");
    this.#person = isOdd ? this.cloud.withoutFaults() : this.cloud;
  }

  async setUp(): Promise<void> {
    const needed = this.plan.runs.some(({ target }) => target.kind === "deployment" || target.known === "live");
    if (!needed) return;
    const body = { ...DEPLOYMENT, name: PREPARED_NAME };
    const made = await requestUntilAnswered({ service: this.cloud, ambient: this.clock }, "POST", "/deploy", body);
    this.deploymentId = made.id;
  }

  /** Returns a process that has started nothing yet. `number` distinguishes the processes of one environment. */
  process(number: number): SimulatedProcess {
    return new SimulatedProcess(this, number);
  }

  #decide(runId: string, { decision, processes }: NonNullable<SimulationPlan["person"]>): void {
    const access = { service: this.#person, ambient: this.clock };
    const note = () => this.trace.note(`${this.clock.now()} a person decides: ${decision}`);
    if (processes === undefined) void decideApprovals(access, runId, decision, note);
    for (let number = 0; number < (processes ?? 0); number += 1) {
      const process = this.process(FIRST_DECIDER + number);
      note();
      decideByProgram(this, process, runId, decision).catch((error: unknown) => {
        if (error instanceof ExecutionFailure && error.kind !== "internal") {
          this.trace.note(`${this.clock.now()} the decision failed: ${error.message}`);
        } else this.problems.push(`I11: a decision failed with ${String(error)}`);
      });
    }
  }
}

/** Decides as `approvals approve --yes` does. */
async function decideByProgram(
  { cloud, problems, trace, clock }: Environment,
  { client }: SimulatedProcess,
  runId: string,
  decision: "approve" | "reject",
): Promise<void> {
  const desk = new ApprovalDesk(client);
  const checkpoint = await desk.checkpoint(runId);
  await desk.decide(checkpoint, () => decision);
  trace.note(`${clock.now()} the decision was taken`);
  if (cloud.stats().decisionsReceived[checkpoint.checkpointId] === undefined) {
    problems.push("I6: a decision was said to be taken, and the service does not know it");
  }
}

export class SimulatedProcess {
  readonly ambient: ProcessAmbient;
  readonly transport: SimulatedTransport;
  readonly execute: Execute;
  readonly registry: RunRegistry;
  readonly client: SerenClient;
  readonly canceller: Canceller;
  readonly recorders: RunRecorder[] = [];
  readonly #journal: Journal;
  readonly #environment: Environment;

  constructor(environment: Environment, number: number) {
    this.#environment = environment;
    const { plan, clock, cloud, trace } = environment;
    this.ambient = new ProcessAmbient(clock, deriveSeed(plan.seed, 10 + number));
    const network = { ...plan.network, seed: plan.network.seed + number };
    this.transport = new SimulatedTransport(cloud, this.ambient, network, trace);
    this.client = new SerenClient(this.transport, this.ambient);
    this.canceller = new Canceller(this.client, silentLog);
    const notices = environment.notices.of(this.ambient);
    const limits = plan.limits && { general: plan.limits, hosts: {}, path: "config.toml" };
    const ledger = environment.ledger.of(this.ambient);
    const guard = limits && new SpendGuard({ client: this.client, ledger, limits, host: "sim", log: silentLog });
    this.#journal = new Journal({
      keepers: {
        async beforeForgetting(runId, outcome, host) {
          await Promise.all([notices.beforeForgetting(runId, outcome, host), guard?.beforeForgetting(runId, outcome)]);
        },
        attribute: async (start) => guard?.attribute(start),
        beforeLeaving: (run) => notices.beforeLeaving(run),
      },
      isKept: async (folder) => environment.isKept(folder),
      store: environment.disk.storeOf(this.ambient),
      account: () => "account",
      host: "sim",
      ambient: this.ambient,
      log: silentLog,
    });
    const { client, canceller } = this;
    const { notes } = environment;
    const execute = createExecute({ client, canceller, log: silentLog, journal: this.#journal, notes });
    this.execute = guard ? guardedExecute(execute, guard) : execute;
    this.registry = new RunRegistry(() => Promise.resolve(this.execute), this.ambient, {
      redactor: createRedactor(),
    });
    this.registry.watch(notices);
  }

  /** Kills the process: its timers and connections stop at once. */
  kill(): void {
    this.ambient.kill();
    this.transport.kill();
  }

  /** Cancels the runs that killed processes left behind, as every start does. */
  sweep(): Promise<void> {
    const { client, canceller } = this;
    const { signal } = new AbortController();
    return sweep({ client, canceller, journal: this.#journal, log: silentLog, signal });
  }

  /** Schedules the runs of the plan. */
  start(): void {
    this.#environment.plan.runs.forEach((run, index) => {
      const recorder = new RunRecorder({
        tag: `run${index}`,
        consumer: run.consumer,
        ambient: this.ambient,
        trace: this.#environment.trace,
        onPhase: (phase) => this.#stopAt(recorder, run, phase),
      });
      this.recorders.push(recorder);
      this.ambient.timer(run.atMs, () => this.#begin(recorder, run));
    });
    const { drain } = this.#environment.plan;
    if (drain) this.ambient.timer(drain.atMs, () => void this.#drain(drain.budgetMs));
  }

  async #drain(budgetMs: number): Promise<void> {
    const began = this.ambient.now();
    for (const recorder of this.recorders) recorder.stoppedAt ??= began;
    await this.registry.drain("shutdown", budgetMs);
    if (this.ambient.now() - began > budgetMs + 1)
      this.recorders[0]?.problems.push("I6: draining took longer than its budget");
  }

  #begin(recorder: RunRecorder, plan: PlannedRun): void {
    const request = this.#requestOf(recorder, plan);
    if (!request) return;
    const deadline = this.ambient.now() + plan.timeoutMs;
    try {
      const live = this.registry.start(recorder.tag, request, deadline, recorder.record);
      const settle = () => {
        recorder.settlements += 1;
        recorder.settledAt = this.ambient.now();
        recorder.timersLeft = this.ambient.waiting;
      };
      live.outcome.then(
        (outcome) => {
          settle();
          recorder.outcome = outcome;
          this.#environment.trace.note(`${recorder.settledAt} ${recorder.tag} ended ${JSON.stringify(outcome)}`);
        },
        (failure: unknown) => {
          settle();
          recorder.failure = failure;
          this.#environment.trace.note(`${recorder.settledAt} ${recorder.tag} failed ${String(failure)}`);
        },
      );
    } catch (failure) {
      recorder.settledAt = this.ambient.now(); // the registry refuses it: the process is shutting down
      recorder.settlements += 1;
      recorder.failure = failure;
      return;
    }
    // On the network's clock, because timers of the process are counted as the program's.
    this.ambient.networkClock.timer(plan.timeoutMs, () => {
      if (recorder.settledAt === undefined && this.ambient.alive) recorder.stoppedAt ??= this.ambient.now();
    });
    this.#stopAt(recorder, plan, undefined);
  }

  #stopAt(recorder: RunRecorder, plan: PlannedRun, phase: string | undefined): void {
    for (const stop of plan.stops) {
      if (stop.phase !== phase) continue;
      const act = () => {
        this.#environment.trace.note(`${this.ambient.now()} ${recorder.tag} stop by ${stop.by}`);
        if (this.registry.cancel(recorder.tag, stop.by)) recorder.stoppedAt ??= this.ambient.now();
      };
      if (stop.ms === 0) act();
      else this.ambient.timer(stop.ms, act);
    }
  }

  #requestOf(recorder: RunRecorder, plan: PlannedRun): RunRequest | undefined {
    const { target } = plan;
    const attachTo = plan.attachTo === undefined ? undefined : this.recorders[plan.attachTo]?.runId;
    if (plan.attachTo !== undefined && attachTo === undefined) return undefined;
    const replied = plan.replyTo === undefined ? undefined : this.recorders[plan.replyTo]?.conversation;
    if (plan.replyTo !== undefined && replied === undefined) return undefined;
    const conversationId = replied ?? plan.conversation;
    return {
      target:
        replied !== undefined
          ? { kind: "conversation" }
          : target.kind === "deployment"
            ? { kind: "deployment", deploymentId: this.#environment.deploymentId, named: "the plan" }
            : {
                kind: "workload",
                name: target.name,
                ...(target.known
                  ? { knownId: target.known === "live" ? this.#environment.deploymentId : MISSING_ID }
                  : {}),
                create: () => ({ ...DEPLOYMENT, name: target.name }),
              },
      message: `@script ${JSON.stringify(plan.script)}`,
      inputs: { tag: recorder.tag },
      onApproval: plan.onApproval,
      ...(plan.detach ? { detach: true } : {}),
      ...(attachTo === undefined ? {} : { attachTo }),
      ...(plan.owned ? { owned: true } : {}),
      ...(conversationId === undefined ? {} : { conversationId }),
    };
  }
}

const DEPLOYMENT = {
  mode: "job" as const,
  skill_slug: "sim",
  workload: { execution: { type: "llm" as const, bundle: {} } },
};
