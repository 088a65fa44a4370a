/**
 * A run as a tool result, in both forms. Some clients give the model only the structured form and others only the text, so
 * each says everything; together they stay below what the strictest client takes, or it would refuse all of it.
 */
import {
  type BackgroundRun,
  cutWords,
  decideCommand,
  type Outcome,
  type Phase,
  type RunRef,
  type RunReport,
  showRunCommand,
  visibleText,
  withAdvice,
} from "../../../core/index.ts";
import { conversationOf, goOn, lookCall, NO_ID_YET, NOT_YOURS, notOver } from "../../../model-tools/index.ts";
import { clipCharacters } from "../../../support/clip.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";
import { largestWhere } from "../../../support/largest-where.ts";
import { type Caller, knows } from "../calls/callers.ts";
import { type ListedArtifact, listedArtifacts, resourceLinks } from "../resources/artifact-links.ts";

/** Characters of a result as JSON, both forms together. Claude Code refuses a result of more than 25,000 tokens. */
const MAX_RESULT = 31_500;
/** An answer of this length is whole in both forms. */
const MAX_ANSWER = 14_000;
/** What is always left for the text since the cursor. */
const MIN_TEXT = 1_700;
/** Text since the cursor of a run that goes on, in each form; the rest is for what waits for a person. */
const MAX_LIVE_TEXT = 12_000;
/** The envelope, the ids and the sentences of both forms. */
const FRAME = 1_700;

const MAX_ERROR_CHARS = 800;
const MAX_TOOL_CHARS = 80;
const MAX_REASON_CHARS = 120;
const MAX_APPROVALS = 5;
const MAX_USD_CHARS = 40;
/** A longer address is left out: a part of one leads nowhere. */
const MAX_URL_CHARS = 300;

/** How long the next look should wait. */
const SUGGESTED_WAIT_SECONDS = 30;

const STATUS = {
  resolving: "starting",
  deploying: "starting",
  submitting: "starting",
  queued: "queued",
  running: "running",
  awaiting_approval: "awaiting_approval",
  reconnecting: "running",
  cancelling: "running",
  reconciling: "running",
} satisfies Record<Phase, string>;

/** The structured form. `output-schemas.ts` has its schema. */
export interface RunState {
  run_id: string;
  status: string;
  cursor: number;
  text: string;
  answer?: string;
  truncated?: true;
  error?: string;
  approvals?: { id: string; tool: string; reason?: string }[];
  artifacts?: ListedArtifact[];
  usage?: { input_tokens: number; output_tokens: number; compute_usd?: string; inference_usd?: string };
  conversation?: string;
  url?: string;
  next: string;
}

/** Characters that a text takes within JSON. */
export function jsonSize(text: string): number {
  return JSON.stringify(text).length - 2;
}

/** Returns the room for the text since the cursor, given how the run ended. */
export function roomForText(outcome: Outcome | undefined): number {
  if (!outcome) return MAX_LIVE_TEXT;
  const answer = Math.min(jsonSize(outcome.text), MAX_ANSWER);
  return Math.max(MIN_TEXT, MAX_RESULT - FRAME - sizeOfRest(outcome) - 2 * answer);
}

/** Error and artifacts stand in both forms; the artifacts, as links, once more. */
function sizeOfRest(outcome: Outcome): number {
  const artifacts = listedArtifacts(outcome.run?.runId ?? "", outcome);
  const links = JSON.stringify(resourceLinks(artifacts)).length;
  return 2 * (jsonSize(errorOf(outcome) ?? "") + JSON.stringify(artifacts).length) + links;
}

/** A run that has just been started, or has no id yet. */
export function startedState({ run, temporaryId, phase }: BackgroundRun, cursor = 0): RunState {
  const run_id = run?.runId ?? temporaryId;
  const look = notOver(lookCall({ run_id, cursor, wait_seconds: SUGGESTED_WAIT_SECONDS }));
  return {
    run_id,
    status: run ? STATUS[phase] : "starting",
    cursor,
    text: "",
    ...conversationIn(run),
    ...urlOf(run),
    next: run ? look : `${look} (${NO_ID_YET})`,
  };
}

/** Of a request that was stopped before there was a run. Throws every other failure: it is for the model to read. */
export function neverStartedState(run_id: string, failure: ExecutionFailure): RunState {
  const { kind, message } = failure;
  if (kind !== "cancelled" && kind !== "timed_out") throw failure;
  return { run_id, status: kind, cursor: 0, text: "", error: message, next: "It is over, and no run was started." };
}

/** `report` holds no secrets any more; `own` is what this process knows of a run that it has started. */
export function runState(report: RunReport, own: BackgroundRun | undefined): RunState {
  const { run, outcome, cursor } = report;
  const said = fitted(report.text, roomForText(outcome));
  const answer = outcome && fitted(outcome.text, answerRoom(outcome));
  const error = outcome && errorOf(outcome);
  const isCut = said.isCut || answer?.isCut === true || outcome?.cut === "log" || outcome?.shortened === true;
  const waiting = outcome ? [] : report.approvals.slice(0, MAX_APPROVALS);
  const artifacts = outcome ? listedArtifacts(run.runId, outcome) : [];
  return {
    run_id: run.runId,
    status: outcome ? kindOf(outcome, own) : STATUS[report.phase],
    cursor,
    text: said.text,
    ...(answer ? { answer: answer.text } : {}),
    ...(isCut ? { truncated: true as const } : {}),
    ...(error === undefined ? {} : { error }),
    ...(waiting.length > 0
      ? {
          approvals: waiting.map(({ id, tool, reason }) => ({
            id: clipCharacters(id, MAX_TOOL_CHARS, "…"),
            tool: clipCharacters(visibleText(tool), MAX_TOOL_CHARS, "…"),
            ...(reason ? { reason: clipCharacters(visibleText(reason), MAX_REASON_CHARS, "…") } : {}),
          })),
        }
      : {}),
    ...(artifacts.length > 0 ? { artifacts } : {}),
    ...usageOf(outcome),
    ...conversationIn(run),
    ...urlOf(run),
    next: nextOf(report, isCut),
  };
}

/** The result of a tool that tells of a run. Strings of the run keep to lines of their own. */
export function runResult(state: RunState, caller: Caller) {
  const links = knows(caller, "2025-06-18") ? resourceLinks(state.artifacts ?? []) : [];
  const text = { type: "text" as const, text: textOf(state) };
  return { content: [text, ...links] as const, structuredContent: state, isError: false };
}

function textOf(state: RunState): string {
  const { run_id, status, text, answer, error, approvals, artifacts, conversation, url, next } = state;
  const said = answer ? ["Its answer:", answer] : text ? ["It said since the cursor of this call:", text] : [];
  const blocks = [
    `Run ${run_id}: ${status}.${url ? ` ${url}` : ""}`,
    ...(error === undefined ? [] : [`Error: ${error}`]),
    ...said,
    ...(approvals ?? []).map(({ tool, reason }) => `Waits for a person: ${tool}${reason ? ` (${reason})` : ""}`),
    ...(artifacts ?? []).map(({ id, uri, kind, title }) => `Artifact ${title ?? kind}: ${uri ?? id}`),
    next,
    ...(answer === undefined || conversation === undefined ? [] : [goOn(conversation)]),
  ];
  return blocks.join("\n\n");
}

function answerRoom(outcome: Outcome): number {
  return Math.min(MAX_ANSWER, Math.floor((MAX_RESULT - FRAME - sizeOfRest(outcome) - MIN_TEXT) / 2));
}

function fitted(text: string, max: number): { text: string; isCut: boolean } {
  const whole = text.toWellFormed();
  if (jsonSize(whole) <= max) return { text: whole, isCut: false };
  const fits = largestWhere(whole.length - 1, (count) => jsonSize(clipCharacters(whole, count)) <= max);
  return { text: clipCharacters(whole, fits), isCut: true };
}

/** The record of a run that our deadline has stopped says that it was cancelled. */
function kindOf({ kind }: Outcome, own: BackgroundRun | undefined): string {
  return kind === "cancelled" && own?.stoppedBy === "deadline" ? "timed_out" : kind;
}

function errorOf({ error, cut }: Outcome): string | undefined {
  const said = error ? withAdvice(error) : cut && cutWords(cut);
  return said === undefined ? undefined : clipCharacters(said, MAX_ERROR_CHARS, "…");
}

function conversationIn(run: RunRef | undefined): Pick<RunState, "conversation"> {
  const conversation = conversationOf(run);
  return conversation === undefined ? {} : { conversation };
}

function urlOf(run: RunRef | undefined): Pick<RunState, "url"> {
  return run?.url && run.url.length <= MAX_URL_CHARS ? { url: run.url } : {};
}

function usageOf(outcome: Outcome | undefined): Pick<RunState, "usage"> {
  const usage = outcome?.usage;
  if (!usage) return {};
  return {
    usage: {
      input_tokens: Math.max(0, usage.inputTokens),
      output_tokens: Math.max(0, usage.outputTokens),
      ...(usage.computeUsd === undefined ? {} : { compute_usd: clipCharacters(usage.computeUsd, MAX_USD_CHARS) }),
      ...(usage.inferenceUsd === undefined ? {} : { inference_usd: clipCharacters(usage.inferenceUsd, MAX_USD_CHARS) }),
    },
  };
}

function nextOf({ run, outcome, phase, approvals, cursor, more }: RunReport, isCut: boolean): string {
  if (outcome) {
    if (isCut) return `The run is over. The whole answer: ${showRunCommand(run.runId)}`;
    return more
      ? `The run is over. The rest of what it said: ${lookCall({ run_id: run.runId, cursor })}`
      : "The run is over, and nothing more will come.";
  }
  const look = lookCall({ run_id: run.runId, cursor, wait_seconds: SUGGESTED_WAIT_SECONDS });
  if (phase !== "awaiting_approval") return notOver(look);
  const tools = approvals
    .slice(0, MAX_APPROVALS)
    .map(({ tool }) => clipCharacters(visibleText(tool), MAX_TOOL_CHARS, "…"));
  const left = approvals.length - tools.length;
  const what = tools.length > 0 ? tools.join(", ") + (left > 0 ? ` and ${left} more` : "") : "The run";
  return `${what} waits for a person; you cannot decide. Ask the user to run: ${decideCommand(run.runId)} (or reject). ${NOT_YOURS} Afterwards: ${look}`;
}
