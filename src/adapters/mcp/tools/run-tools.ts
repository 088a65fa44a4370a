/** The tools: each starts, looks at or cancels a run, and returns a result that a model can use. */
import {
  answerWithin,
  type BackgroundRun,
  BackgroundRuns,
  DEFAULT_TIMEOUT_MS,
  followedReport,
  type HostJobs,
  LateAnswers,
  type RunReport,
} from "../../../core/index.ts";
import {
  AgentsArgumentsSchema,
  agentChoice,
  agentsText,
  CANCEL_UNDER_WAY,
  CancelArgumentsSchema,
  choiceWords,
  dispatchRequest,
  ENDED_ALREADY,
  HOW_TO_START,
  MAX_TIMEOUT_SECONDS,
  readArguments,
  WaitingDispatchArgumentsSchema,
  WaitingStatusArgumentsSchema,
} from "../../../model-tools/index.ts";
import { NO_REPLY } from "../../../stdio/index.ts";
import { orAborted } from "../../../support/abort.ts";
import { sleep } from "../../../support/ambient.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { settleWithin } from "../../../support/settle-within.ts";
import type { Call } from "../calls/call.ts";
import { Progress } from "../calls/progress.ts";
import type { Approvals } from "../elicitation/approvals.ts";
import type { McpOptions } from "../options.ts";
import {
  jsonSize,
  neverStartedState,
  type RunState,
  roomForText,
  runResult,
  runState,
  startedState,
} from "./run-state.ts";

/** What a call may take besides its wait. */
const MAX_REPLY_MS = 2000;
/** The service may show for a moment longer that a run waits. */
const LAG_MS = 250;

/** A run that a call tells of: one of this process, or any other by its id. */
export interface Subject {
  own: BackgroundRun | undefined;
  runId: string;
}

interface Look {
  state: RunState;
  /** Whether a person has to decide. */
  waits: boolean;
  isOver: boolean;
  createdAt?: number | undefined;
  updatedAt?: number | undefined;
}

interface Wanted {
  cursor: number;
  wait_seconds: number;
  /** What the run has waited for is decided: it goes on, though that may not show yet. */
  decided?: boolean | undefined;
  /** A wait for a person does not end the waiting. */
  toEnd?: boolean;
}

export class RunTools {
  readonly #options: McpOptions;
  readonly #runs: BackgroundRuns;
  readonly #approvals: Approvals;
  readonly #looks: LateAnswers<RunReport>;
  /** Runs whose wait for a person was told: a client that looks again waits for the decision, and not for the same words. */
  readonly #toldToWait = new WeakSet<BackgroundRun>();

  constructor(options: McpOptions, jobs: HostJobs, approvals: Approvals) {
    this.#options = options;
    this.#runs = new BackgroundRuns(jobs, options.ambient);
    this.#approvals = approvals;
    this.#looks = new LateAnswers(options.ambient);
  }

  /** Throws `UnusableState` for a repeated call that is not ours; all else that is thrown is for the model to read. */
  call(call: Call): object | Promise<object> {
    switch (call.name) {
      case "seren_agents":
        return this.#agents(call);
      case "seren_dispatch":
        return this.#dispatch(call);
      case "seren_run_status":
        return this.#look(call);
      case "seren_run_cancel":
        return this.#cancel(call);
      default:
        return assertNever(call.name);
    }
  }

  #agents({ args }: Call) {
    readArguments(AgentsArgumentsSchema, args);
    const agents = this.#options.agents().map(({ name, description }) => ({ name, description }));
    return {
      content: [{ type: "text", text: agentsText(agents) }],
      structuredContent: { agents, next: HOW_TO_START },
      isError: false,
    };
  }

  async #dispatch(call: Call): Promise<object> {
    const { wait_seconds = 0 } = readArguments(WaitingDispatchArgumentsSchema, call.args);
    if (call.retry) {
      const { runId, decided } = await this.#approvals.take(call.retry); // the run of this call goes on: none is started
      const own = this.#runs.find(runId);
      if (own) this.#cancelWith(call, own);
      return this.#tell({ own, runId }, { cursor: 0, wait_seconds, decided }, call);
    }
    const own = await this.start(call);
    if (wait_seconds === 0 || call.cancelled.aborted) return runResult(startedState(own), call.caller);
    return this.#tell({ own, runId: own.run?.runId ?? own.temporaryId }, { cursor: 0, wait_seconds }, call);
  }

  /** Starts a run, and resolves when it has an id, or a moment later. Throws why there is none. */
  async start(call: Call): Promise<BackgroundRun> {
    const { ambient, agents, target } = this.#options;
    const read = readArguments(WaitingDispatchArgumentsSchema, call.args);
    const { timeout_seconds } = read;
    const choice = agentChoice(read, () => agents().map(({ name }) => name));
    const timeoutMs = timeout_seconds === undefined ? DEFAULT_TIMEOUT_MS : timeout_seconds * 1000;
    const own = this.#runs.start(dispatchRequest(read, target(choice)), choiceWords(choice), timeoutMs);
    this.#cancelWith(call, own);
    await settleWithin(ambient, MAX_REPLY_MS, orAborted(own.named, call.cancelled));
    if (own.failure && !own.run) throw own.failure;
    return own;
  }

  /** Waits for the end of a run, however long that takes, and tells it. */
  tellEnd(own: BackgroundRun, call: Call): Promise<object> {
    const subject = { own, runId: own.run?.runId ?? own.temporaryId };
    return this.#tell(subject, { cursor: 0, wait_seconds: MAX_TIMEOUT_SECONDS, toEnd: true }, call);
  }

  /** Finds a run of this process. */
  find(runId: string): BackgroundRun | undefined {
    return this.#runs.find(runId);
  }

  /** Returns whether the run was still going. */
  cancelRun(own: BackgroundRun): boolean {
    return this.#runs.cancel(own);
  }

  /** Until a start is answered nobody has the id of its run, so nobody else could stop it. */
  #cancelWith({ cancelled }: Call, own: BackgroundRun): void {
    const cancel = () => this.#runs.cancel(own);
    if (cancelled.aborted) cancel();
    else cancelled.addEventListener("abort", cancel, { once: true });
  }

  async #look(call: Call): Promise<object> {
    const { run_id, cursor = 0, wait_seconds = 0 } = readArguments(WaitingStatusArgumentsSchema, call.args);
    const retried = call.retry && (await this.#approvals.take(call.retry));
    const own = this.#runs.find(run_id);
    return this.#tell(
      { own, runId: own?.run?.runId ?? run_id },
      { cursor, wait_seconds, decided: retried?.decided },
      call,
    );
  }

  async #cancel({ args }: Call): Promise<object> {
    const { ambient, runs } = this.#options;
    const { run_id } = readArguments(CancelArgumentsSchema, args);
    const own = this.#runs.find(run_id);
    const isStopping = own !== undefined && this.#runs.cancel(own);
    let words = CANCEL_UNDER_WAY;
    if (!isStopping && own?.ended) words = ENDED_ALREADY;
    else if (!isStopping) {
      const ending = await answerWithin(ambient, MAX_REPLY_MS, runs.cancel(run_id));
      if (ending !== undefined) words = ENDED_ALREADY;
    }
    const state = own ? startedState(own) : { run_id, status: "running", cursor: 0, text: "" };
    const status = words === ENDED_ALREADY ? await this.#statusOf(run_id, own) : state.status;
    const result: RunState = { ...state, status, next: words };
    return { content: [{ type: "text", text: words }], structuredContent: result, isError: false };
  }

  async #statusOf(runId: string, own: BackgroundRun | undefined): Promise<string> {
    return (await this.stateOf({ own, runId: own?.run?.runId ?? runId })).state.status;
  }

  /** Waits for news of the run, if that was asked for, and tells how it is then. */
  async #tell(
    subject: Subject,
    { cursor, wait_seconds, decided = false, toEnd = false }: Wanted,
    call: Call,
  ): Promise<object> {
    const { ambient } = this.#options;
    if (wait_seconds === 0) return runResult((await this.stateOf(subject, cursor)).state, call.caller);
    const until = ambient.now() + wait_seconds * 1000;
    const progress = new Progress(ambient, call.wire, call.progressToken);
    try {
      const isKnown = subject.own !== undefined && this.#toldToWait.has(subject.own);
      let [goesOn, mayAsk] = [decided || isKnown, this.#approvals.canAsk(call)];
      for (;;) {
        await this.#wait(subject, { until, call, progress, goesOn });
        const { state, waits, isOver } = await this.stateOf(subject, cursor, { until, hurried: call.hurried });
        if (call.cancelled.aborted) return NO_REPLY;
        if (waits && goesOn && ambient.now() < until && (await this.#approvals.isSettled(state.run_id))) {
          await sleep(ambient, LAG_MS);
          continue;
        }
        if (toEnd && !isOver && !(waits && mayAsk) && !call.hurried.aborted) {
          goesOn = true; // what it has waited for is known
          continue;
        }
        if (!waits || !mayAsk) this.#noteWait(subject, waits);
        if (!waits || !mayAsk || ambient.now() >= until || call.hurried.aborted) return runResult(state, call.caller);
        if (call.caller.era === "stateless") {
          const question = await this.#approvals.inputRequired(state.run_id);
          if (!question) this.#noteWait(subject, true);
          return question ?? runResult(state, call.caller);
        }
        mayAsk = false;
        const asking = this.#approvals.ask(state.run_id, call).then((answered) => {
          goesOn = answered;
        });
        await settleWithin(ambient, until - ambient.now(), orAborted(asking, call.hurried));
      }
    } finally {
      progress.close();
    }
  }

  #noteWait({ own }: Subject, waits: boolean): void {
    if (own && waits) this.#toldToWait.add(own);
    else if (own) this.#toldToWait.delete(own);
  }

  async #wait(
    { own, runId }: Subject,
    { until, call, progress, goesOn }: { until: number; call: Call; progress: Progress; goesOn: boolean },
  ): Promise<void> {
    const { ambient, target } = this.#options;
    const options = {
      waitMs: until - ambient.now(),
      signal: call.hurried,
      despiteApproval: goesOn,
      onEvent: (event: Parameters<Progress["take"]>[0]) => progress.take(event),
    };
    if (own) return this.#runs.news(own, options);
    const { waits, isOver } = await this.stateOf({ own, runId }, 0, { until, hurried: call.hurried });
    if (!isOver && (!waits || goesOn)) await this.#runs.newsOf(runId, target({}), options);
  }

  /** Looks at a run. Throws why there is none. `more`: how long its caller waits anyway. */
  async stateOf({ own, runId }: Subject, cursor = 0, more?: { until: number; hurried: AbortSignal }): Promise<Look> {
    const { runs } = this.#options;
    if (own?.failure && !own.run)
      return { state: neverStartedState(own.temporaryId, own.failure), waits: false, isOver: true };
    if (own && !own.run) return { state: startedState(own, cursor), waits: false, isOver: false };
    const id = own?.run?.runId ?? runId;
    const shown = await this.#looks.ask(`${id} ${cursor}`, { ms: MAX_REPLY_MS, more }, () =>
      runs.status(id, { cursor, room: roomForText, measure: jsonSize }),
    );
    const { createdAt, updatedAt, ...report } = followedReport(shown, own);
    const isOver = report.outcome !== undefined;
    const waits = !isOver && report.phase === "awaiting_approval";
    return { state: runState(report, own), waits, isOver, createdAt, updatedAt };
  }
}
