/** One turn of a session: one run, its updates, and the answer that follows them. Nothing of a turn follows its answer. */
import type { PromptResult, SessionUpdate } from "#protocols/acp";
import {
  ContinuedText,
  DEFAULT_TIMEOUT_MS,
  type ExecutionEvent,
  type Outcome,
  type RunRef,
  type RunRequest,
  type Target,
} from "../../core/index.ts";
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
  /** Different for each turn, in the registry and on the wire. */
  readonly #id: string;
  readonly #deadline: number;
  readonly #state: TurnState;
  readonly #permission: Permission;
  readonly #phases: SlowPhases;
  readonly #artifacts = new Set<string>();
  #text = new ContinuedText("");
  #question: AbortController | undefined;
  #decision: Promise<RunRef> | undefined;
  #isCancelled = false;
  #isOver = false;
  #stopTimer: () => void = () => undefined;
  #giveUp: () => void = () => undefined;
  #settle: () => void = () => undefined;

  constructor(options: AcpOptions, request: TurnRequest, wire: Wire) {
    const { ambient, redactor, log } = options;
    this.#options = options;
    this.#request = request;
    this.#wire = wire;
    this.#id = ambient.uuid();
    this.#deadline = ambient.now() + DEFAULT_TIMEOUT_MS;
    this.#state = { messageId: this.#id, calls: new ToolCalls(this.#id), run: undefined };
    this.#phases = new SlowPhases(ambient, (words) => void this.#emit(ownWords(words)));
    this.#permission = new Permission({
      sessionId: request.sessionId,
      wire,
      calls: this.#state.calls,
      emit: (updates) => this.#emit(updates),
      asksPeople: options.asksPeople,
      approvals: options.approvals,
      onDecision: (next) => {
        this.#decision = next;
      },
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
    this.#options.registry.cancel(this.#id, by);
    this.#stopTimer = this.#options.ambient.timer(CANCEL_MS, () => this.#giveUp());
  }

  /** Returns how the run ended; undefined when it was cancelled, and the service takes its time. */
  #outcome(): Promise<Outcome | undefined> {
    const followed = this.#follow();
    followed.catch(() => undefined); // it may fail after the turn is over
    const givenUp = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    return Promise.race([followed, givenUp]);
  }

  /** When a decision goes on in another run, that run is followed as well. */
  async #follow(): Promise<Outcome> {
    const { registry } = this.#options;
    const { sessionId, message, target } = this.#request;
    let request: RunRequest = { target, message, conversationId: sessionId, operation: "chat", onApproval: "wait" };
    for (;;) {
      const run = registry.start(this.#id, request, this.#deadline, (event) => this.#take(event));
      if (this.#isCancelled) run.cancel("host");
      const outcome = await run.outcome;
      const held = this.#text.end();
      if (held !== "") await this.#emit(toUpdates({ type: "text", text: held }, this.#state));
      const next = outcome.kind === "completed" ? await this.#decision?.catch(() => undefined) : undefined;
      this.#decision = undefined;
      if (!next || next.runId === outcome.run?.runId) return outcome;
      request = { target, attachTo: next.runId, owned: true, onApproval: "wait" };
      this.#text = new ContinuedText(this.#text.whole(outcome.text));
    }
  }

  /** An update that cannot be made must not end the run: the registry would stop following it. */
  async #take(event: ExecutionEvent): Promise<void> {
    if (this.#isOver) return;
    try {
      this.#phases.take(event);
      if (event.type === "status") this.#takeStatus(event);
      else if (event.type === "artifact") this.#artifacts.add(event.artifact.id);
      else if (event.type === "approval_wait") this.#ask();
      const news = event.type === "text" ? { ...event, text: this.#text.push(event.text) } : event;
      await this.#emit(toUpdates(news, this.#state));
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
