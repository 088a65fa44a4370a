/**
 * Asks a person through the client, while a call of that client waits for the run. A client that has shaken hands gets a
 * request; one whose calls stand for themselves gets `input_required` in place of the result, and repeats its call.
 */
import { ElicitResultSchema } from "#protocols/mcp";
import { ApprovalQuestions } from "../../../core/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { RecentMap } from "../../../support/recent-map.ts";
import type { Call, Retry } from "../calls/call.ts";
import type { McpOptions } from "../options.ts";
import { carriedMeta, decisionOf, type Elicitation, elicitationOf } from "./elicitation.ts";
import { StateSeal } from "./sealed-state.ts";

/** Questions of tasks that wait for their answers. */
const MAX_OPEN = 1_024;
/** How long a person may take. The run goes on waiting afterwards. */
const PERSON_MS = 10 * 60_000;

/** A repeated call whose state is not one of this process: an error of the protocol, and not of the tool. */
export class UnusableState extends ExecutionFailure {
  constructor() {
    super(
      "invalid_input",
      "requestState is not one of this server, or it is older than 15 minutes; nothing was decided and nothing was started",
    );
  }
}

export class Approvals {
  readonly #options: McpOptions;
  readonly #questions: ApprovalQuestions;
  readonly #seal: StateSeal;
  #lastKey = 0;
  /** What tasks ask for, by run: clients may look any number of times before they answer. */
  readonly #open = new RecentMap<string, { key: string; digest: string }>(MAX_OPEN);

  constructor(options: McpOptions) {
    this.#options = options;
    this.#questions = new ApprovalQuestions(() => options.approvals());
    this.#seal = new StateSeal(options.ambient);
  }

  canAsk({ caller }: Call): boolean {
    return this.#options.asksPeople && caller.canAsk;
  }

  /** Whether the run does not wait, or only for what was decided already. Never rejects. */
  isSettled(runId: string): Promise<boolean> {
    return this.#questions.isSettled(runId).catch(() => false);
  }

  /** Asks by a request. Returns whether the person has decided. Never rejects. */
  async ask(runId: string, call: Call): Promise<boolean> {
    const { log, redactor } = this.#options;
    const isNewest = call.caller.era === "handshake" && call.caller.revision === "2025-11-25";
    try {
      const asked = await this.#questions.ask(runId, async (question) => {
        const form = elicitationOf(question, redactor);
        if (!form) return undefined;
        const params = { ...(isNewest ? { mode: "form" } : {}), ...form, ...carriedMeta(call) };
        const options = { signal: call.cancelled, timeoutMs: PERSON_MS };
        return decisionOf(await call.wire.request("elicitation/create", params, ElicitResultSchema, options));
      });
      log("info", "a person was asked through the client", { run_id: runId, decision: asked });
      return asked !== "undecided";
    } catch (error) {
      log("info", "an approval was not decided through the client", { run_id: runId, kind: asFailure(error).kind });
      return false;
    }
  }

  /** Returns the result that asks in place of the one of the call; undefined when there is nothing to ask. */
  async inputRequired(runId: string): Promise<object | undefined> {
    const question = await this.#questions.look(runId).catch(() => undefined);
    const form = question && elicitationOf(question, this.#options.redactor);
    if (!question || !form || !this.#questions.claim(question)) return undefined;
    const key = this.#newKey();
    return {
      resultType: "input_required",
      inputRequests: inputRequest(key, form),
      requestState: this.#seal.seal({ run: runId, digest: question.digest, key }),
    };
  }

  /**
   * Returns what a task asks for: the same until it is answered, and nothing that was asked elsewhere. Undefined when there
   * is nothing to ask.
   */
  async open(runId: string, call: Call): Promise<object | undefined> {
    const question = this.canAsk(call) ? await this.#questions.look(runId).catch(() => undefined) : undefined;
    const form = question && elicitationOf(question, this.#options.redactor);
    if (!question || !form) return undefined;
    const { digest } = question;
    const open = this.#open.get(runId);
    if (open?.digest === digest) return inputRequest(open.key, form);
    if (!this.#questions.claim(question)) return undefined;
    const key = this.#newKey();
    this.#open.set(runId, { key, digest });
    return inputRequest(key, form);
  }

  /** Sends the decision that a client brings for what `open` has returned, if it is a clear one. Any answer is the last. */
  async answer(runId: string, responses: Readonly<Record<string, unknown>>): Promise<void> {
    const open = this.#open.get(runId);
    if (!open || !Object.hasOwn(responses, open.key)) return;
    this.#open.delete(runId);
    const decision = decisionOf(responses[open.key]);
    if (decision === undefined) return;
    const question = await this.#questions.look(runId);
    if (question?.digest === open.digest) await this.#questions.decide(question, decision);
  }

  /**
   * Sends the decision that a repeated call brings, if it is a clear one about what was shown. Returns the run of the
   * call, and whether there was one.
   * Throws `UnusableState`; then nothing was decided.
   */
  async take({ requestState, inputResponses }: Retry): Promise<{ runId: string; decided: boolean }> {
    const state = requestState === undefined ? undefined : this.#seal.open(requestState);
    if (!state) throw new UnusableState();
    const decision = decisionOf(inputResponses[state.key]);
    if (decision === undefined) return { runId: state.run, decided: false };
    const question = await this.#questions.look(state.run);
    if (question?.digest === state.digest) await this.#questions.decide(question, decision);
    return { runId: state.run, decided: true };
  }

  /** Never used twice. */
  #newKey(): string {
    this.#lastKey += 1;
    return `approval-${this.#lastKey}`;
  }
}

const inputRequest = (key: string, form: Elicitation) => ({
  [key]: { method: "elicitation/create", params: { mode: "form", ...form } },
});
