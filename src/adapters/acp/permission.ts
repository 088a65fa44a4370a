/**
 * Asks a person through the client what a waiting run may do. Only the two answers that were offered decide; a dismissed
 * question, an error or silence leaves the run waiting, and the words name the command that decides.
 */
import { type PermissionParams, PermissionResultSchema, type SessionUpdate } from "#protocols/acp";
import {
  type ApprovalDesk,
  type ApprovalQuestion,
  ApprovalQuestions,
  decideCommand,
  type RunRef,
  visibleText,
  withAdvice,
} from "../../core/index.ts";
import type { Wire } from "../../stdio/index.ts";
import { asFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { Redactor } from "../../support/redact.ts";
import { fenced } from "./prompt-text.ts";
import type { ToolCalls } from "./tool-calls.ts";
import { exactInput, shortTitle, textContent, toolKind } from "./tool-card.ts";
import { ownWords } from "./translate.ts";

const METHOD = "session/request_permission";
/** More cannot be judged in a card; a terminal shows it. */
const MAX_QUESTION_CHARS = 64 * 1024;

/** Nothing lasting is offered: the service has no such thing, and clients map settings of their own to it. */
const OPTIONS = [
  { optionId: "allow", name: "Allow once", kind: "allow_once" },
  { optionId: "reject", name: "Reject", kind: "reject_once" },
] satisfies PermissionParams["options"];
const DECISIONS = { allow: "approve", reject: "reject" } as const;

export interface PermissionOptions {
  sessionId: string;
  wire: Wire;
  calls: ToolCalls;
  emit(updates: Iterable<SessionUpdate>): Promise<void>;
  asksPeople: boolean;
  approvals(): Promise<Pick<ApprovalDesk, "checkpoint" | "decide">>;
  /** Gets the run that goes on after a decision, which may be a new one. */
  onDecision(next: Promise<RunRef>): void;
  redactor: Redactor;
  log: Log;
}

interface Limits {
  /** Aborted when the question is not open any more. */
  signal: AbortSignal;
  timeoutMs: number;
}

export class Permission {
  readonly #options: PermissionOptions;
  readonly #questions: ApprovalQuestions;

  constructor(options: PermissionOptions) {
    this.#options = options;
    this.#questions = new ApprovalQuestions(async () => {
      const desk = await options.approvals();
      return {
        checkpoint: (runId) => desk.checkpoint(runId),
        decide: (...decision) => {
          const next = desk.decide(...decision);
          options.onDecision(next);
          return next;
        },
      };
    });
  }

  /** Whether the run waits for a person. A service that cannot be asked counts as a yes. */
  async isOpen(runId: string): Promise<boolean> {
    return this.#questions.look(runId).then(
      (question) => question !== undefined,
      () => true,
    );
  }

  /** Never rejects. */
  async ask({ runId }: RunRef, limits: Limits): Promise<void> {
    const { log, asksPeople } = this.#options;
    if (!asksPeople) return this.#sayHow(runId);
    let isShown = false;
    try {
      const asked = await this.#questions.ask(runId, (question) => {
        isShown = true;
        return this.#show(question, limits);
      });
      log("info", "a person was asked through the client", { run_id: runId, decision: asked });
      if (asked === "undecided" && isShown && !limits.signal.aborted) await this.#sayHow(runId);
    } catch (error) {
      const failure = asFailure(error);
      log("info", "an approval was not decided through the client", { run_id: runId, kind: failure.kind });
      if (!limits.signal.aborted) await this.#sayHow(runId, withAdvice(failure));
    }
  }

  /** Returns the person's decision; undefined when there is none. */
  async #show(question: ApprovalQuestion, limits: Limits): Promise<"approve" | "reject" | undefined> {
    const { sessionId, wire, calls, emit, redactor } = this.#options;
    const { checkpoint, text } = question;
    const [only, ...others] = checkpoint.requests;
    // What is approved must have been seen whole.
    if (!only || text.length > MAX_QUESTION_CHARS || redactor.redact(text) !== text) return undefined;
    const card = cardOf(question);
    const known = others.length === 0 ? calls.nameOf(only.id) : undefined;
    const key = `approval ${checkpoint.checkpointId}`;
    if (known === undefined) await emit(calls.announce(key, card)); // clients do not show a question about an unknown call
    const toolCallId = known ?? calls.nameOf(key);
    if (toolCallId === undefined) return undefined;
    try {
      const params: PermissionParams = { sessionId, toolCall: { toolCallId, ...card }, options: OPTIONS };
      const { outcome } = await wire.request(METHOD, params, PermissionResultSchema, limits);
      const decision =
        outcome.outcome === "selected" && Object.hasOwn(DECISIONS, outcome.optionId)
          ? DECISIONS[outcome.optionId as keyof typeof DECISIONS]
          : undefined;
      if (decision) await emit(calls.end(key, decision === "approve" ? "completed" : "failed"));
      return limits.signal.aborted ? undefined : decision;
    } catch (error) {
      if (limits.signal.aborted) await emit(calls.end(key, "completed"));
      throw error;
    }
  }

  #sayHow(runId: string, why?: string): Promise<void> {
    const lead = why === undefined ? "" : `The question could not be settled here: ${why}. `;
    const words = `${lead}The run waits for a person's approval. Decide it in a terminal with: ${decideCommand(runId)} (or reject)`;
    return this.#options.emit(ownWords(words));
  }
}

/** Clients render text as Markdown, in which parts of a request could hide: it stands in a block of code. */
function cardOf({ checkpoint, text, isPlain }: ApprovalQuestion) {
  const { requests } = checkpoint;
  const [only, ...others] = requests;
  const names = requests.map(({ tool }) => visibleText(tool)).join(", ");
  const isOne = others.length === 0;
  const rawInput = isOne && isPlain ? exactInput(only?.argsText ?? "") : undefined;
  const lead = isOne ? "The agent asks to do this:" : `The agent asks to do all ${requests.length} of these:`;
  return {
    title: shortTitle(isOne ? names : `${requests.length} requests: ${names}`),
    kind: isOne && only ? toolKind(only.tool) : ("other" as const),
    status: "pending" as const,
    content: [textContent(`${lead}\n\n${fenced(text)}`)],
    ...(rawInput ? { rawInput } : {}),
  };
}
