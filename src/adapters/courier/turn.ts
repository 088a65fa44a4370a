/**
 * One turn of a session on Seren Cloud, in these steps:
 *
 * 1. A run that an earlier turn left waiting for a person comes first. While it still waits, the turn ends with the same
 *    message as before, and nothing new is sent.
 * 2. The turn's own input is run, and its events are sent to the host as they come.
 * 3. What belongs to the answer besides its text follows: artifacts, or what a person has to decide.
 * 4. One assistant message repeats all of it, and the session after the turn is returned.
 */
import type { CourierEvent, CourierSession, Operation } from "#protocols/dispatch-courier";
import {
  MAX_TIMEOUT_MS,
  type Outcome,
  type RunRegistry,
  type RunRequest,
  type SavedArtifact,
  type Target,
} from "../../core/index.ts";
import { type OpenedParcel, runTimeoutMs } from "../../parcel/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { folderName } from "../../support/folder-name.ts";
import { afterOperation, type CourierState, readState, stateAfterRun } from "./session.ts";
import { assistantMessage, closingText, deltas, fitMessage, lostRunText, toCourierEvents } from "./translate.ts";
import { type TargetSettings, turnTarget } from "./turn-target.ts";
import { turnFailure } from "./wire-error.ts";

/** Our deadline is this share of the remaining time earlier than the host's, so that the run is cancelled before it. */
const DEADLINE_MARGIN = 0.1;
const MAX_DEADLINE_MARGIN_MS = 1_000;

export interface TurnOptions extends TargetSettings {
  registry: RunRegistry;
  ambient: Ambient;
  /** Downloads a run's artifacts into a folder, as many as can be had before the signal aborts. Never rejects. */
  saveArtifacts(outcome: Outcome, folder: string, signal: AbortSignal): Promise<SavedArtifact[]>;
}

export type TurnInput = Extract<Operation, { kind: "chat" | "job" | "heartbeat" }>;
export type Emit = (event: CourierEvent) => Promise<void>;

export interface TurnContext {
  opened: OpenedParcel;
  session: CourierSession;
  emit: Emit;
}

/** Returns the session after the turn. Throws when the turn failed; what was streamed until then stays with the host. */
export async function performTurn(
  options: TurnOptions,
  context: TurnContext,
  input: TurnInput,
): Promise<CourierSession> {
  const target = await turnTarget(context.opened, readState(context.session), options);
  return new Turn(options, context, input, target).perform();
}

class Turn {
  readonly #options: TurnOptions;
  readonly #session: CourierSession;
  readonly #input: TurnInput;
  readonly #emit: Emit;
  readonly #state: CourierState;
  readonly #target: Target;
  /** Milliseconds since the epoch. */
  readonly #deadline: number;
  /** Everything the host was sent as text, which the message at the end repeats. */
  #answer = "";

  /** Throws when the time limit is used up. */
  constructor(options: TurnOptions, { opened, session, emit }: TurnContext, input: TurnInput, target: Target) {
    this.#options = options;
    this.#session = session;
    this.#input = input;
    this.#emit = emit;
    this.#state = readState(session);
    this.#target = target;
    this.#deadline = options.ambient.now() + turnBudgetMs(opened, session);
  }

  async perform(): Promise<CourierSession> {
    const outcome = (await this.#pickUpWaitingRun()) ?? (await this.#runInput());
    await this.#emit(assistantMessage(this.#answer));
    const workloadName = this.#target.kind === "workload" ? this.#target.name : undefined;
    return afterOperation(this.#session, stateAfterRun(this.#state, outcome, workloadName), {
      user: historyEntry(this.#input),
      assistant: fitMessage(this.#answer),
    });
  }

  /** Follows the run that an earlier turn left waiting. Returns its outcome only when it still waits. */
  async #pickUpWaitingRun(): Promise<Outcome | undefined> {
    const { pending } = this.#state;
    if (!pending) return undefined;
    const outcome = await this.#followIfKnown(pending.run_id);
    if (outcome?.stoppedBy) throw turnFailure(outcome);
    if (outcome && endedWell(outcome)) await this.#close(outcome);
    else await this.#add(outcome?.text, lostRunText(outcome));
    if (outcome?.kind === "awaiting_approval") return outcome;
    if (this.#answer !== "") await this.#add(undefined, "\n\n");
    return undefined;
  }

  async #runInput(): Promise<Outcome> {
    const input = this.#input;
    const message = messageOf(input);
    const outcome = await this.#follow({
      target: this.#target,
      operation: input.kind,
      onApproval: "return",
      ...(message === undefined ? {} : { message }),
      ...(input.kind === "chat" ? { conversationId: this.#conversationId } : {}),
    });
    if (!endedWell(outcome)) throw turnFailure(outcome);
    await this.#close(outcome);
    return outcome;
  }

  get #conversationId(): string {
    return this.#state.conversation_id ?? folderName(this.#session.id);
  }

  /** Follows a run of ours. Returns undefined when the service does not know it any more, so that the session can go on. */
  async #followIfKnown(runId: string): Promise<Outcome | undefined> {
    try {
      return await this.#follow({ target: this.#target, attachTo: runId, owned: true, onApproval: "return" });
    } catch (error) {
      if (error instanceof ExecutionFailure && error.kind === "not_found") return undefined;
      throw error;
    }
  }

  /** Sends the events of one run to the host and returns how it ended. */
  #follow(request: RunRequest): Promise<Outcome> {
    return this.#options.registry.start(this.#session.id, request, this.#deadline, async (event) => {
      for (const translated of toCourierEvents(event)) await this.#emit(translated);
    }).outcome;
  }

  /** Adds what follows the text of a run that completed or waits. */
  async #close(outcome: Outcome): Promise<void> {
    const folder = this.#session.resolved_mounts.find(({ kind }) => kind === "artifacts")?.target_path;
    const { registry, saveArtifacts } = this.#options;
    const artifacts = folder
      ? await registry.finish(this.#deadline, (signal) => saveArtifacts(outcome, folder, signal))
      : outcome.artifacts.map((artifact) => ({ artifact }));
    await this.#add(outcome.text, closingText(outcome, artifacts));
  }

  /** `streamed` was sent with the events of its run; `addition` is sent here. */
  async #add(streamed: string | undefined, addition: string): Promise<void> {
    for (const event of deltas(addition)) await this.#emit(event);
    this.#answer += (streamed ?? "") + addition;
  }
}

function endedWell({ kind }: Outcome): boolean {
  return kind === "completed" || kind === "awaiting_approval";
}

/**
 * Returns what is left of `TIMEOUT RUN` in milliseconds, less the margin: the host adds up the turns of a session and
 * continues from there. Throws `timed_out` when nothing is left.
 */
function turnBudgetMs({ parcel }: OpenedParcel, session: CourierSession): number {
  const limit = runTimeoutMs(parcel);
  if (limit === undefined) return MAX_TIMEOUT_MS;
  const left = limit - session.elapsed_ms;
  if (left <= 0) throw new ExecutionFailure("timed_out", "the session's TIMEOUT RUN is used up; start a new session");
  return Math.min(MAX_TIMEOUT_MS, left - Math.min(MAX_DEADLINE_MARGIN_MS, left * DEADLINE_MARGIN));
}

function messageOf(input: TurnInput): string | undefined {
  return (input.kind === "chat" ? input.input : input.payload) ?? undefined;
}

/** Returns the input as Dispatch's own couriers write it into the history. */
function historyEntry(input: TurnInput): string {
  switch (input.kind) {
    case "chat":
      return fitMessage(input.input);
    case "job":
      return fitMessage(`Job payload:\n${input.payload}`);
    case "heartbeat":
      return fitMessage(input.payload == null ? "Heartbeat tick" : `Heartbeat payload:\n${input.payload}`);
  }
}
