/**
 * Odd ACP hosts against the built program and an unreliable service: they cancel in every way and again, prompt a session that
 * has a turn, answer questions that were never asked, close and resume, stop reading, and leave in every way.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import type { Json, Message } from "../support/child-process/line-check.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";
import { sleep } from "./plan-service.ts";

const AT_ONCE = 4;
const EXIT_MS = 20_000;
/** The next start looks for what a killed process left. */
const SWEEP_MS = 60_000;
const WORDS = "some words ";
const WENT_ON = "went on";
const SCRIPTS: readonly object[][] = [
  [{ text: WORDS, n: 20, every_ms: 20 }],
  [{ text: WORDS }, { hang: true }],
  [{ tool: "grep", args: { q: "x" }, ms: 300, result: "y" }, { text: WORDS }],
  [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }],
  [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }],
  [{ approve: ["deploy", "pay"], args: { env: "prod" } }, { text: WENT_ON }],
  [{ text: WORDS }, { fail: "no" }],
];

export interface OddHosts {
  replies: number;
  approved: number;
  problems: string[];
}

export async function oddAcpHosts(seed: number, rounds: number): Promise<OddHosts> {
  const result: OddHosts = { replies: 0, approved: 0, problems: [] };
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < rounds; index = next++) {
      const problems = await oneRound(new SeededRandom(deriveSeed(seed, index)), result);
      result.problems.push(...problems.map((what) => `${what} (seed ${seed}, round ${index})`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

async function oneRound(random: SeededRandom, result: OddHosts): Promise<string[]> {
  const stateDir = mkdtempSync(join(tmpdir(), "seren-bridge-odd-"));
  const started: { tag: string; conversation: unknown; text: () => string }[] = [];
  const work = builtInAgent(0);
  const cloud = new LocalCloud({
    ambient: realAmbient,
    keys: [API_KEY],
    faults: { seed: random.int(1, 1e6), rules: faultsOf(random) },
    agent: (stage) => {
      const tag = /tag-\d+/.exec(stage.message ?? "")?.[0] ?? "";
      const text = () => JSON.stringify(stage.run.log.entries.map(({ event }) => event));
      started.push({ tag, conversation: stage.payload.conversation_id, text });
      return work(stage);
    },
  });
  const http = await startLocalHttp(cloud);
  const quiet = async (ms: number) => {
    for (const until = Date.now() + ms; Date.now() < until; await sleep(50)) {
      if (cloud.stats().runsActive.length === 0) return true;
    }
    return false;
  };
  const host = new OddHost(random, http.origin, stateDir);
  const { problems } = host;
  try {
    await host.perform();
    const isKilled = await host.leave();
    if (isKilled) {
      const sweeper = new ChaosChild("acp", { origin: http.origin, stateDir, onMessage: () => undefined });
      sweeper.send({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: 1 } });
      await sleep(500); // a create call that was on its way may still arrive
      if (!(await quiet(SWEEP_MS))) problems.push("I5: a run of a killed process goes on");
      await sweeper.finish(EXIT_MS);
      problems.push(...sweeper.problems);
    } else if (!(await quiet(SWEEP_MS))) problems.push("I5: a run goes on after its host has gone");
    result.replies += host.replies;
    result.approved += host.approved.size;
    const tags = started.map(({ tag }) => tag);
    if (new Set(tags).size < tags.length) problems.push("I4: a run was started twice");
    for (const { conversation, text } of started) {
      if (text().includes(WENT_ON) && !host.approved.has(conversation))
        problems.push("I12: a run went on that no answer approved");
    }
    for (const [checkpoint, times] of Object.entries(cloud.stats().decisionsReceived)) {
      if (times > 1) problems.push(`I12: the decision about ${checkpoint} was sent ${times} times`);
    }
  } finally {
    await host.child.finish(EXIT_MS);
    problems.push(...host.child.problems);
    await http.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
  return problems;
}

function faultsOf(random: SeededRandom): FaultRule[] {
  const rules: FaultRule[] = [];
  if (random.chance(0.3))
    rules.push({ kind: "late_reply", where: "create_run", ms: random.magnitude(1, 800), times: 2 });
  if (random.chance(0.3)) rules.push({ kind: "status", where: "cancel", status: 503, times: 2 });
  if (random.chance(0.2)) rules.push({ kind: "hang", where: "cancel" });
  if (random.chance(0.3)) rules.push({ kind: "cut", where: "stream", frames: random.int(1, 6), times: 3 });
  return rules;
}

interface Turn {
  sessionId: string;
  isCancelled: boolean;
  isAnswered: boolean;
}

class OddHost {
  readonly child: ChaosChild;
  readonly problems: string[] = [];
  /** Sessions of which a question was answered with a clear yes. */
  readonly approved = new Set<unknown>();
  replies = 0;
  readonly #random: SeededRandom;
  readonly #replies = new Map<unknown, number>();
  /** Prompts by the ids of their requests, in the order in which they were sent. */
  readonly #turns = new Map<number, Turn>();
  readonly #requests = new Set<number>();
  readonly #sessions: string[] = [];
  #lastId = 0;
  #lastTag = 0;
  #isLeaving = false;

  constructor(random: SeededRandom, origin: string, stateDir: string) {
    this.#random = random;
    this.child = new ChaosChild("acp", { origin, stateDir, onMessage: (message) => this.#take(message) });
  }

  async perform(): Promise<void> {
    const random = this.#random;
    this.#ask("initialize", { protocolVersion: 1 });
    for (let sessions = random.int(1, 4); sessions > 0; sessions -= 1) this.#resume();
    for (let count = random.int(5, 16); count > 0; count -= 1) {
      const act = random.pick([
        this.#prompt,
        this.#prompt,
        this.#prompt,
        this.#prompt,
        this.#cancel,
        this.#resume,
        this.#resume,
        this.#close,
        this.#lie,
        this.#pause,
      ]);
      act.call(this);
      if (random.chance(0.7)) await sleep(random.int(1, 700));
    }
    await sleep(random.int(500, 3_000));
  }

  /** Returns whether the program was killed. Otherwise every request has to be answered by its end. */
  async leave(): Promise<boolean> {
    const way = this.#random.pick(["eof", "eof", "SIGTERM", "SIGKILL", "stdout"] as const);
    this.#isLeaving = true;
    if (way === "SIGKILL") this.child.process.kill("SIGKILL");
    else this.child.endBy(way, {});
    await this.child.exited;
    for (const id of this.#requests) {
      const replies = this.#replies.get(id) ?? 0;
      if (replies > 1) this.problems.push(`I1: ${replies} replies to one request`);
      if (replies === 0 && way === "eof") this.problems.push("I1: a request was not answered before the end");
    }
    return way === "SIGKILL";
  }

  #ask(method: string, params: object): number {
    this.#lastId += 1;
    this.#requests.add(this.#lastId);
    this.child.send({ jsonrpc: "2.0", id: this.#lastId, method, params });
    return this.#lastId;
  }

  #prompt(): void {
    this.#lastTag += 1;
    const sessionId = this.#random.pick(this.#sessions);
    const text = `tag-${this.#lastTag}\n@script ${JSON.stringify(this.#random.pick(SCRIPTS))}`;
    const id = this.#ask("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
    this.#turns.set(id, { sessionId, isCancelled: false, isAnswered: false });
    if (this.#random.chance(0.15)) this.#cancel(); // in the same breath
  }

  #cancel(): void {
    const open = [...this.#turns].filter(([, { isAnswered }]) => !isAnswered);
    if (open.length === 0) return;
    const [id, { sessionId }] = this.#random.pick(open);
    if (this.#random.chance(0.5)) {
      this.child.send({ jsonrpc: "2.0", method: "session/cancel", params: { sessionId } });
      for (const [, turn] of open) turn.isCancelled ||= turn.sessionId === sessionId;
    } else {
      this.child.send({ jsonrpc: "2.0", method: "$/cancel_request", params: { requestId: id } });
      for (const [other, turn] of open) turn.isCancelled ||= other === id;
    }
  }

  #resume(): void {
    const sessionId = this.#sessions.length > 0 && this.#random.chance(0.3) ? this.#sessions[0] : crypto.randomUUID();
    if (sessionId && !this.#sessions.includes(sessionId)) this.#sessions.push(sessionId);
    this.#ask("session/resume", { sessionId, cwd: "/", mcpServers: [] });
  }

  #close(): void {
    const sessionId = this.#random.pick(this.#sessions);
    this.#ask("session/close", { sessionId });
    for (const turn of this.#turns.values()) turn.isCancelled ||= turn.sessionId === sessionId;
    if (this.#random.chance(0.7)) this.#ask("session/resume", { sessionId, cwd: "/", mcpServers: [] });
  }

  /** Answers what was never asked. */
  #lie(): void {
    const result = { outcome: { outcome: "selected", optionId: "allow" } };
    this.child.send({ jsonrpc: "2.0", id: `s${this.#random.int(50, 99)}`, result });
  }

  #pause(): void {
    void this.child.pauseReading(this.#random.magnitude(10, 800));
  }

  #take(message: Message): void {
    if (message.kind === "request") this.#answer(message.id, message.params.sessionId);
    else if (message.kind === "notification") this.#updated(message.params);
    else {
      this.replies += 1;
      this.#replies.set(message.id, (this.#replies.get(message.id) ?? 0) + 1);
      const turn = this.#turns.get(Number(message.id));
      if (!turn) return;
      turn.isAnswered = true;
      this.#judge(turn, message);
    }
  }

  /** A turn that was cancelled ends so, unless it was refused or had ended before the cancel was read. */
  #judge({ isCancelled }: Turn, message: Exclude<Message, { kind: "request" | "notification" }>): void {
    const reason = message.kind === "result" ? message.result.stopReason : undefined;
    if (reason === "cancelled" && !isCancelled && !this.#isLeaving)
      this.problems.push("I1: a turn was cancelled that nobody cancelled");
    if (message.kind === "error" && /did not foresee/.test(message.error.message))
      this.problems.push(`I11: ${message.error.message}`);
  }

  /** An update belongs to a turn that is not answered yet. */
  #updated({ sessionId }: Json): void {
    if (sessionId === undefined) return; // a question was withdrawn
    const isOpen = [...this.#turns.values()].some((turn) => turn.sessionId === sessionId && !turn.isAnswered);
    if (!isOpen) this.problems.push("I1: an update after the answer of its turn");
  }

  #answer(id: unknown, sessionId: unknown): void {
    const random = this.#random;
    if (random.chance(0.1)) return;
    const answer = random.pick(["allow", "allow", "reject", "always", undefined]);
    const outcome = answer === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: answer };
    const isError = random.chance(0.15);
    if (answer === "allow" && !isError) this.approved.add(sessionId);
    const send = () => {
      this.child.send({
        jsonrpc: "2.0",
        id,
        ...(isError ? { error: { code: -32603, message: "no" } } : { result: { outcome } }),
      });
    };
    setTimeout(send, random.magnitude(1, 300)).unref();
  }
}
