/** One turn of a session: one run, its updates, and the answer that follows them. Nothing of a turn follows its answer. */
import type { PromptResult, SessionUpdate } from "#protocols/acp";
import { ContinuedRun, DEFAULT_TIMEOUT_MS, type ExecutionEvent, type Outcome, type Target } from "../../core/index.ts";
import type { Wire } from "../../stdio/index.ts";
import type { StopCause } from "../../support/abort.ts";
import { cancelledResult, endingOf } from "./ending.ts";
import type { AcpOptions } from "./options.ts";
import { Permission } from "./permission.ts";
import { SlowPhases } from "./slow-phases.ts";
import { ToolCalls } from "./tool-calls.ts";
import { artifactCard, ownWords, type TurnState, toUpdates } from "./translate.ts";

/** A cancelled turn is answered within this time, whatever the service does. The run is cancelled further. */
const CANCEL_MS = 1_500;

export interface TurnRequest {
  sessionId: string;
  message: string;
  target: Target;
}

export class Turn {
  /** Resolves when the turn is over. */
  readonly over: Promise<void>;
  readonly #options: AcpOptions;
  readonly #request: TurnRequest;
  readonly #wire: Wire;
  readonly #run: ContinuedRun;
  readonly #deadline: number;
  readonly #state: TurnState;
  readonly #permission: Permission;
  readonly #phases: SlowPhases;
  readonly #artifacts = new Set<string>();
  #question: AbortController | undefined;
  #isCancelled = false;
  #isOver = false;
  #stopTimer: () => void = () => undefined;
  #giveUp: () => void = () => undefined;
  #settle: () => void = () => undefined;

  constructor(options: AcpOptions, request: TurnRequest, wire: Wire) {
    const { registry, ambient, redactor, log } = options;
    this.#options = options;
    this.#request = request;
    this.#wire = wire;
    this.#deadline = ambient.now() + DEFAULT_TIMEOUT_MS;
    const key = ambient.uuid(); // different for each turn, in the registry and on the wire
    this.#run = new ContinuedRun({ registry, key, deadline: this.#deadline, sink: (event) => this.#take(event) });
    this.#state = { messageId: key, calls: new ToolCalls(key), run: undefined };
    this.#phases = new SlowPhases(ambient, (words) => void this.#emit(ownWords(words)));
    this.#permission = new Permission({
      sessionId: request.sessionId,
      wire,
      calls: this.#state.calls,
      emit: (updates) => this.#emit(updates),
      asksPeople: options.asksPeople,
      approvals: options.approvals,
      onDecision: (next) => this.#run.decided(next),
      redactor,
      log,
    });
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** To be called once. The run is registered before anything is awaited, so that a cancel can never come too early. */
  async run(): Promise<PromptResult> {
    try {
      const outcome = await this.#outcome();
      if (this.#isCancelled || !outcome) return cancelledResult(outcome);
      for (const artifact of outcome.artifacts) {
        if (!this.#artifacts.has(artifact.id)) await this.#emit(artifactCard(artifact, this.#state));
      }
      const { result, words } = endingOf(outcome);
      if (words !== undefined) await this.#emit(ownWords(words));
      return result;
    } catch (error) {
      if (this.#isCancelled) return cancelledResult();
      throw error;
    } finally {
      this.#close();
    }
  }

  /** Works in every state, and again. */
  cancel(by: StopCause): void {
    if (this.#isOver || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#question?.abort();
    this.#run.cancel(by);
    this.#stopTimer = this.#options.ambient.timer(CANCEL_MS, () => this.#giveUp());
  }

  /** Returns how the run ended; undefined when it was cancelled, and the service takes its time. */
  #outcome(): Promise<Outcome | undefined> {
    const { sessionId, message, target } = this.#request;
    const request = { target, message, conversationId: sessionId, operation: "chat", onApproval: "wait" } as const;
    const followed = this.#run.follow(request);
    followed.catch(() => undefined); // it may fail after the turn is over
    const givenUp = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    return Promise.race([followed, givenUp]);
  }

  /** An update that cannot be made must not end the run: the registry would stop following it. */
  async #take(event: ExecutionEvent): Promise<void> {
    if (this.#isOver) return;
    try {
      this.#phases.take(event);
      if (event.type === "status") this.#takeStatus(event);
      else if (event.type === "artifact") this.#artifacts.add(event.artifact.id);
      else if (event.type === "approval_wait") this.#ask();
      await this.#emit(toUpdates(event, this.#state));
    } catch (error) {
      const name = error instanceof Error ? `${error.name}: ${error.message}` : "thrown";
      this.#options.log("error", "an event could not be passed on", { type: event.type, error: name });
    }
  }

  #takeStatus({ run, phase }: Extract<ExecutionEvent, { type: "status" }>): void {
    if (run) this.#state.run = run;
    if (phase === "running" && this.#question) void this.#withdrawIfDecided(this.#question);
  }

  /** Not awaited: what happens meanwhile, such as a decision in a terminal, must be seen. */
  #ask(): void {
    const { run } = this.#state;
    this.#question?.abort();
    this.#question = undefined;
    if (!run || this.#isCancelled) return;
    const question = new AbortController();
    this.#question = question;
    const timeoutMs = this.#deadline - this.#options.ambient.now();
    void this.#permission.ask(run, { signal: question.signal, timeoutMs }).then(() => {
      if (this.#question === question) this.#question = undefined;
    });
  }

  async #withdrawIfDecided(question: AbortController): Promise<void> {
    const { run } = this.#state;
    if (run && !(await this.#permission.isOpen(run.runId))) question.abort();
  }

  async #emit(updates: Iterable<SessionUpdate>): Promise<void> {
    const { sessionId } = this.#request;
    for (const update of updates) {
      if (this.#isOver) return;
      await this.#wire.notify("session/update", { sessionId, update });
    }
  }

  #close(): void {
    this.#question?.abort();
    this.#phases.close();
    this.#stopTimer();
    // Not awaited: they are queued before the answer, and a host that reads nothing would hold it up.
    for (const update of this.#state.calls.endAll()) {
      void this.#wire.notify("session/update", { sessionId: this.#request.sessionId, update });
    }
    this.#isOver = true;
    this.#settle();
  }
}
