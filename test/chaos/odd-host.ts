/** What odd hosts have in common: requests and their replies, pauses in reading, and ways to leave. */
import type { Message, Mode } from "../support/child-process/line-check.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import { ChaosChild } from "./chaos-child.ts";

/** What an agent says once it was allowed to. */
export const WENT_ON = "went on";

/** For the end of a program that has runs to cancel at a service that refuses. Far above what a loaded machine needs. */
const LEAVE_MS = 90_000;

export type Answered = Extract<Message, { kind: "result" | "error" }>;

export abstract class OddHost {
  readonly child: ChaosChild;
  /** Params of its `initialize`. */
  abstract readonly hello: object;
  readonly problems: string[] = [];
  /** Runs or conversations that a clear yes was sent for. */
  readonly approved = new Set<unknown>();
  replies = 0;
  protected readonly random: SeededRandom;
  protected isLeaving = false;
  readonly #requests = new Map<number, { replies: number; mayBeSilent: boolean }>();
  #lastId = 0;
  #lastTag = 0;

  constructor(mode: Mode, random: SeededRandom, { origin, stateDir }: { origin: string; stateDir: string }) {
    this.random = random;
    this.child = new ChaosChild(mode, { origin, stateDir, onMessage: (message) => this.#take(message) });
  }

  abstract perform(): Promise<void>;

  /** Returns whether the program was killed. Otherwise every request has to be answered by its end, unless it was cancelled. */
  async leave(): Promise<boolean> {
    const way = this.random.pick(["eof", "eof", "SIGTERM", "SIGKILL", "stdout"] as const);
    this.isLeaving = true;
    if (way === "SIGKILL") this.child.process.kill("SIGKILL");
    else this.child.endBy(way, {});
    const watchdog = setTimeout(() => {
      this.problems.push(`I5: the program did not end within ${LEAVE_MS} ms of ${way}`);
      this.child.process.kill("SIGKILL");
    }, LEAVE_MS);
    await this.child.exited;
    clearTimeout(watchdog);
    for (const { replies, mayBeSilent } of this.#requests.values()) {
      if (replies > 1) this.problems.push(`I1: ${replies} replies to one request`);
      if (replies === 0 && way === "eof" && !mayBeSilent)
        this.problems.push("I1: a request was not answered before the end");
    }
    return way === "SIGKILL";
  }

  /** A question of the program. */
  protected abstract asked(message: Extract<Message, { kind: "request" }>): void;
  protected abstract answered(id: number, message: Answered): void;
  protected abstract heard(message: Extract<Message, { kind: "notification" }>): void;

  protected ask(method: string, params: object): number {
    this.#lastId += 1;
    this.#requests.set(this.#lastId, { replies: 0, mayBeSilent: false });
    this.child.send({ jsonrpc: "2.0", id: this.#lastId, method, params });
    return this.#lastId;
  }

  protected notify(method: string, params: object): void {
    this.child.send({ jsonrpc: "2.0", method, params });
  }

  protected mayBeSilent(id: number): void {
    const request = this.#requests.get(id);
    if (request) request.mayBeSilent = true;
  }

  /** Returns a prompt that names itself, for an agent that performs `steps`. */
  protected prompt(steps: readonly object[]): string {
    this.#lastTag += 1;
    return `tag-${this.#lastTag}\n@script ${JSON.stringify(steps)}`;
  }

  /** Answers a question, mostly; `result` undefined stands for nothing that could be read. */
  protected reply(id: unknown, result: unknown, { isError = false } = {}): void {
    const body = isError ? { error: { code: -32603, message: "no" } } : { result: result ?? null };
    setTimeout(() => this.child.send({ jsonrpc: "2.0", id, ...body }), this.random.magnitude(1, 600)).unref();
  }

  /** Answers a question that was never asked. */
  protected lie(result: object): void {
    this.child.send({ jsonrpc: "2.0", id: `s${this.random.int(50, 99)}`, result });
  }

  protected pause(): void {
    void this.child.pauseReading(this.random.magnitude(10, 800));
  }

  #take(message: Message): void {
    if (message.kind === "request") this.asked(message);
    else if (message.kind === "notification") this.heard(message);
    else {
      this.replies += 1;
      const request = this.#requests.get(Number(message.id));
      if (!request) return;
      request.replies += 1;
      this.answered(Number(message.id), message);
    }
  }
}
