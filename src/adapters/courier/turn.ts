/** One operation of a session: a look into the parcel, or a turn on Seren Cloud. */
import {
  COURIER_EVENT_METHOD,
  type CourierEvent,
  type CourierSession,
  type Operation,
} from "#protocols/dispatch-courier";
import {
  MAX_TIMEOUT_MS,
  type Outcome,
  type RunRegistry,
  type RunRequest,
  type SavedArtifact,
} from "../../core/index.ts";
import { listLocalTools, type OpenedParcel, resolvePrompt, runTimeoutMs } from "../../parcel/index.ts";
import type { Wire } from "../../stdio/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { afterOperation, type CourierState, plainName, readState } from "./session.ts";
import {
  assistantMessage,
  closingWords,
  deltas,
  fitMessage,
  lostWords,
  toCourierEvents,
  toTurnError,
} from "./translate.ts";
import { type TargetSettings, turnTarget } from "./turn-target.ts";

/** The host's own timer starts with the turn; ours is over a little earlier, so that the run is cancelled in order. */
const DEADLINE_MARGIN = 0.1;
const MAX_DEADLINE_MARGIN_MS = 1_000;

export interface TurnOptions extends TargetSettings {
  registry: RunRegistry;
  ambient: Ambient;
  /** Puts a run's artifacts into a folder. Never rejects. */
  saveArtifacts(outcome: Outcome, folder: string): Promise<SavedArtifact[]>;
}

type Turn = Extract<Operation, { kind: "chat" | "job" | "heartbeat" }>;

/** Sends the operation's events, `done` last, and answers the session after it. */
export async function performOperation(
  options: TurnOptions,
  wire: Wire,
  opened: OpenedParcel,
  session: CourierSession,
  operation: Operation,
): Promise<CourierSession> {
  const emit = (event: CourierEvent) => wire.notify(COURIER_EVENT_METHOD, event);
  let after: CourierSession;
  switch (operation.kind) {
    case "resolve_prompt":
      await emit({ kind: "prompt_resolved", text: await resolvePrompt(opened.parcel, opened.files) });
      after = afterOperation(session, readState(session), undefined);
      break;
    case "list_local_tools":
      await emit({ kind: "local_tools_listed", tools: listLocalTools(opened.parcel) });
      after = afterOperation(session, readState(session), undefined);
      break;
    case "invoke_tool":
      throw new ExecutionFailure(
        "unsupported",
        "seren-cloud does not run a parcel's tools on this machine: the agent runs on Seren Cloud, and the parcel's scripts travel there as files. Use a local courier (native or docker) to try a tool",
      );
    default:
      after = await performTurn(options, emit, opened, session, operation);
  }
  await emit({ kind: "done" });
  return after;
}

async function performTurn(
  options: TurnOptions,
  emit: (event: CourierEvent) => Promise<void>,
  opened: OpenedParcel,
  session: CourierSession,
  turn: Turn,
): Promise<CourierSession> {
  const state = readState(session);
  const target = turnTarget(opened, state, options);
  const deadline = options.ambient.now() + turnBudgetMs(opened, session);
  const follow = (request: RunRequest): Promise<Outcome> =>
    options.registry.start(session.id, request, deadline, async (event) => {
      for (const translated of toCourierEvents(event)) await emit(translated);
    }).outcome;
  let said = "";
  const say = async (outcome: Outcome | undefined, afterwards: string) => {
    for (const event of deltas(afterwards)) await emit(event);
    said += (outcome?.text ?? "") + afterwards;
  };
  const close = async (outcome: Outcome) => {
    const folder = session.resolved_mounts.find(({ kind }) => kind === "artifacts")?.target_path;
    const artifacts = folder
      ? await options.saveArtifacts(outcome, folder)
      : outcome.artifacts.map((artifact) => ({ artifact }));
    await say(outcome, closingWords(outcome, artifacts));
  };

  let outcome: Outcome | undefined;
  if (state.pending) {
    // An earlier turn left this run waiting for a person; its answer comes first, and while it waits nothing new is sent.
    const attached = { target, attachTo: state.pending.run_id, owned: true, onApproval: "return" } as const;
    outcome = await follow(attached).catch(undefinedIfGone);
    if (outcome?.stoppedBy) throw endingError(outcome);
    if (outcome && endedWell(outcome)) await close(outcome);
    else await say(outcome, lostWords(outcome));
  }
  if (outcome?.kind !== "awaiting_approval") {
    if (said) await say(undefined, "\n\n");
    const message = messageOf(turn);
    outcome = await follow({
      target,
      operation: turn.kind,
      onApproval: "return",
      ...(message === undefined ? {} : { message }),
      ...(turn.kind === "chat" ? { conversationId: state.conversation_id ?? plainName(session.id) } : {}),
    });
    if (!endedWell(outcome)) throw endingError(outcome);
    await close(outcome);
  }
  await emit(assistantMessage(said));
  return afterOperation(session, nextState(state, outcome, target.kind === "workload" ? target.name : undefined), {
    user: historyEntry(turn),
    assistant: fitMessage(said),
  });
}

const endedWell = ({ kind }: Outcome) => kind === "completed" || kind === "awaiting_approval";

function endingError(outcome: Outcome): ExecutionFailure {
  const error = toTurnError(outcome);
  return new ExecutionFailure("internal", error.message, { cause: error });
}

/** A run the service has forgotten must not keep a session from going on: the host keeps what a failed turn began with. */
function undefinedIfGone(error: unknown): undefined {
  if (error instanceof ExecutionFailure && error.kind === "not_found") return undefined;
  throw error;
}

function nextState(state: CourierState, outcome: Outcome, deploymentName: string | undefined): CourierState {
  const { deployment: _, pending: __, ...kept } = state;
  const { run } = outcome;
  return {
    ...kept,
    ...(run && deploymentName ? { deployment: { id: run.deploymentId, name: deploymentName } } : {}),
    ...(run && outcome.kind === "awaiting_approval" ? { pending: { run_id: run.runId } } : {}),
    ...(run
      ? { last_run: { run_id: run.runId, status: outcome.kind, ...(outcome.usage ? { usage: outcome.usage } : {}) } }
      : {}),
  };
}

/** What is left of `TIMEOUT RUN`: the host adds up a session's turns and counts on from there. */
function turnBudgetMs({ parcel }: OpenedParcel, session: CourierSession): number {
  const limit = runTimeoutMs(parcel);
  if (limit === undefined) return MAX_TIMEOUT_MS;
  const left = limit - session.elapsed_ms;
  if (left <= 0) throw new ExecutionFailure("timed_out", "the session's TIMEOUT RUN is used up; start a new session");
  return Math.min(MAX_TIMEOUT_MS, left - Math.min(MAX_DEADLINE_MARGIN_MS, left * DEADLINE_MARGIN));
}

function messageOf(turn: Turn): string | undefined {
  return (turn.kind === "chat" ? turn.input : turn.payload) ?? undefined;
}

/** As Dispatch's own couriers keep them. */
function historyEntry(turn: Turn): string {
  switch (turn.kind) {
    case "chat":
      return fitMessage(turn.input);
    case "job":
      return fitMessage(`Job payload:\n${turn.payload}`);
    case "heartbeat":
      return fitMessage(turn.payload == null ? "Heartbeat tick" : `Heartbeat payload:\n${turn.payload}`);
  }
}
