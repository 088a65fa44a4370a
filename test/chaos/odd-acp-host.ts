/**
 * An odd ACP host: it cancels in every way and again, prompts a session that has a turn, answers questions that were never asked,
 * closes and resumes, stops reading, and leaves in every way.
 */
import type { Message } from "../support/child-process/line-check.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import { type Answered, OddHost, WENT_ON } from "./odd-host.ts";
import { sleep } from "./plan-service.ts";

const WORDS = "some words ";
const SCRIPTS: readonly object[][] = [
  [{ text: WORDS, n: 20, every_ms: 20 }],
  [{ text: WORDS }, { hang: true }],
  [{ tool: "grep", args: { q: "x" }, ms: 300, result: "y" }, { text: WORDS }],
  [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }],
  [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }],
  [{ approve: ["deploy", "pay"], args: { env: "prod" } }, { text: WENT_ON }],
  [{ text: WORDS }, { fail: "no" }],
];

interface Turn {
  sessionId: string;
  isCancelled: boolean;
  isAnswered: boolean;
}

export class OddAcpHost extends OddHost {
  readonly hello = { protocolVersion: 1 };
  /** Prompts by the ids of their requests, in the order in which they were sent. */
  readonly #turns = new Map<number, Turn>();
  readonly #sessions: string[] = [];

  constructor(random: SeededRandom, origin: string, stateDir: string) {
    super("acp", random, { origin, stateDir });
  }

  async perform(): Promise<void> {
    const { random } = this;
    this.ask("initialize", this.hello);
    for (let sessions = random.int(1, 4); sessions > 0; sessions -= 1) this.#resume();
    const acts = [this.#prompt, this.#prompt, this.#prompt, this.#prompt, this.#cancel, this.#resume, this.#resume];
    for (let count = random.int(5, 16); count > 0; count -= 1) {
      random.pick([...acts, this.#close, this.#lie, this.pause]).call(this);
      if (random.chance(0.7)) await sleep(random.int(1, 700));
    }
    await sleep(random.int(500, 3_000));
  }

  protected asked({ id, params: { sessionId } }: Extract<Message, { kind: "request" }>): void {
    const { random } = this;
    if (random.chance(0.1)) return;
    const answer = random.pick(["allow", "allow", "reject", "always", undefined]);
    const outcome = answer === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: answer };
    const isError = random.chance(0.15);
    if (answer === "allow" && !isError) this.approved.add(sessionId);
    this.reply(id, { outcome }, { isError });
  }

  /** An update belongs to a turn that is not answered yet. */
  protected heard({ params: { sessionId } }: Extract<Message, { kind: "notification" }>): void {
    if (sessionId === undefined) return; // a question was withdrawn
    const isOpen = [...this.#turns.values()].some((turn) => turn.sessionId === sessionId && !turn.isAnswered);
    if (!isOpen) this.problems.push("I1: an update after the answer of its turn");
  }

  /** A turn that was cancelled ends so, unless it was refused or had ended before the cancel was read. */
  protected answered(id: number, message: Answered): void {
    const turn = this.#turns.get(id);
    if (!turn) return;
    turn.isAnswered = true;
    const reason = message.kind === "result" ? message.result.stopReason : undefined;
    if (reason === "cancelled" && !turn.isCancelled && !this.isLeaving)
      this.problems.push("I1: a turn was cancelled that nobody cancelled");
    if (message.kind === "error" && /did not foresee/.test(message.error.message))
      this.problems.push(`I11: ${message.error.message}`);
  }

  #prompt(): void {
    const sessionId = this.random.pick(this.#sessions);
    const text = this.prompt(this.random.pick(SCRIPTS));
    const id = this.ask("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
    this.#turns.set(id, { sessionId, isCancelled: false, isAnswered: false });
    if (this.random.chance(0.15)) this.#cancel(); // in the same breath
  }

  #cancel(): void {
    const open = [...this.#turns].filter(([, { isAnswered }]) => !isAnswered);
    if (open.length === 0) return;
    const [id, { sessionId }] = this.random.pick(open);
    if (this.random.chance(0.5)) {
      this.notify("session/cancel", { sessionId });
      for (const [, turn] of open) turn.isCancelled ||= turn.sessionId === sessionId;
    } else {
      this.notify("$/cancel_request", { requestId: id });
      for (const [other, turn] of open) turn.isCancelled ||= other === id;
    }
  }

  #resume(): void {
    const isKnown = this.#sessions.length > 0 && this.random.chance(0.3);
    const sessionId = isKnown ? this.random.pick(this.#sessions) : crypto.randomUUID();
    if (!isKnown) this.#sessions.push(sessionId);
    this.ask("session/resume", { sessionId, cwd: "/", mcpServers: [] });
  }

  #close(): void {
    const sessionId = this.random.pick(this.#sessions);
    this.ask("session/close", { sessionId });
    for (const turn of this.#turns.values()) turn.isCancelled ||= turn.sessionId === sessionId;
    if (this.random.chance(0.7)) this.ask("session/resume", { sessionId, cwd: "/", mcpServers: [] });
  }

  #lie(): void {
    this.lie({ outcome: { outcome: "selected", optionId: "allow" } });
  }
}
