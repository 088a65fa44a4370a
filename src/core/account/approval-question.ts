/**
 * A waiting run as one question to a person, for hosts that can ask one. All requests of a checkpoint are one question,
 * because the service decides them together. Nothing here decides: `ask` needs a clear yes or no, and everything else (a
 * dismissed dialog, an error, silence) leaves the run waiting.
 */
import { createHash } from "node:crypto";
import { asFailure } from "../../support/failure.ts";
import { RecentSet } from "../../support/recent-set.ts";
import { approvalLines, isPlainlyShown } from "./approval-text.ts";
import type { ApprovalDesk } from "./approvals.ts";
import { type Checkpoint, RequestsChanged } from "./checkpoint.ts";
import type { ApprovalDecision } from "./send-decisions.ts";

/** Questions that are remembered, so that none is asked twice. */
const MAX_REMEMBERED = 4096;
/** Looks at a run whose requests keep changing while they are shown. */
const MAX_CHANGES = 8;

export interface ApprovalQuestion {
  readonly checkpoint: Checkpoint;
  /** Every request: tool, reason and whole arguments, on lines of their own. */
  readonly text: string;
  /** Whether `text` has no escapes in place of characters that a screen would not show. */
  readonly isPlain: boolean;
  /** Changes with the checkpoint and with anything that is shown. */
  readonly digest: string;
}

export type Asked = "approved" | "rejected" | "undecided";

export class ApprovalQuestions {
  readonly #desk: () => Promise<Pick<ApprovalDesk, "checkpoint" | "decide">>;
  readonly #asked = new RecentSet<string>(MAX_REMEMBERED);
  readonly #decided = new RecentSet<string>(MAX_REMEMBERED);

  constructor(desk: () => Promise<Pick<ApprovalDesk, "checkpoint" | "decide">>) {
    this.#desk = desk;
  }

  /** Returns what the run asks for; undefined when it does not wait. Rejects when that cannot be read. */
  async look(runId: string): Promise<ApprovalQuestion | undefined> {
    try {
      return questionOf(await (await this.#desk()).checkpoint(runId));
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind === "conflict") return undefined;
      throw failure;
    }
  }

  /** Returns true once for each question of this process: the caller may ask it. */
  claim({ digest }: ApprovalQuestion): boolean {
    if (this.#asked.has(digest)) return false;
    this.#asked.add(digest);
    return true;
  }

  /** Sends a decision: once for each question, whatever is repeated. Returns whether this call sent it. */
  async decide({ checkpoint, digest }: ApprovalQuestion, decision: ApprovalDecision): Promise<boolean> {
    if (this.#decided.has(digest)) return false;
    this.#decided.add(digest);
    await (await this.#desk()).decide(checkpoint, () => decision);
    return true;
  }

  /** Whether the run waits for nothing that this process has not decided: what the service shows may lag behind. */
  async isSettled(runId: string): Promise<boolean> {
    const question = await this.look(runId);
    return question === undefined || this.#decided.has(question.digest);
  }

  /**
   * Asks what the run waits for, unless it was asked before, and sends the decision. `show` returns the person's clear
   * decision, or undefined. Requests that have changed while they were shown are shown anew.
   */
  async ask(
    runId: string,
    show: (question: ApprovalQuestion) => Promise<ApprovalDecision | undefined>,
  ): Promise<Asked> {
    let question = await this.look(runId);
    for (let changes = 0; question && changes < MAX_CHANGES && this.claim(question); changes += 1) {
      const decision = await show(question);
      if (decision === undefined) return "undecided";
      try {
        await this.decide(question, decision);
        return decision === "approve" ? "approved" : "rejected";
      } catch (error) {
        if (!(error instanceof RequestsChanged)) throw error;
        question = questionOf(error.now);
      }
    }
    return "undecided";
  }
}

function questionOf(checkpoint: Checkpoint): ApprovalQuestion {
  const { run, requests, checkpointId } = checkpoint;
  const shown = [
    run.runId,
    checkpointId,
    requests.map(({ id, tool, reason, argsText }) => [id, tool, reason, argsText]),
  ];
  return {
    checkpoint,
    text: requests.map((request) => approvalLines(request).join("\n")).join("\n\n"),
    isPlain: requests.every(isPlainlyShown),
    digest: createHash("sha256").update(JSON.stringify(shown)).digest("hex"),
  };
}
