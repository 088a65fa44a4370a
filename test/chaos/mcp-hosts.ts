/**
 * Odd MCP hosts against the built program and an unreliable service: they cancel by timeout, answer questions that were never
 * asked, speak both eras at once, stop reading, and leave in every way.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import type { Json, Message } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";
import { sleep } from "./plan-service.ts";

const AT_ONCE = 6;
const EXIT_MS = 20_000;
/** The next start looks for what a killed process left. */
const SWEEP_MS = 60_000;
const WENT_ON = "went on";
const ASKS = [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }];
const FORMS = { elicitation: { form: {} } };

export interface OddHosts {
  rounds: number;
  replies: number;
  problems: string[];
}

export async function oddMcpHosts(seed: number, rounds: number): Promise<OddHosts> {
  const result: OddHosts = { rounds, replies: 0, problems: [] };
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

interface Started {
  id: string;
  tag: string;
  text: () => string;
}

async function oneRound(random: SeededRandom, result: OddHosts): Promise<string[]> {
  const stateDir = mkdtempSync(join(tmpdir(), "seren-bridge-odd-"));
  const started: Started[] = [];
  const work = builtInAgent(0);
  const cloud = new LocalCloud({
    ambient: realAmbient,
    keys: [API_KEY],
    faults: { seed: random.int(1, 1e6), rules: faultsOf(random) },
    agent: (stage) => {
      const tag = /tag-\d+/.exec(stage.message ?? "")?.[0] ?? "";
      const text = () => JSON.stringify(stage.run.log.entries.map(({ event }) => event));
      started.push({ id: stage.run.id, tag, text });
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
  const problems = host.problems;
  try {
    await host.perform();
    const killed = await host.leave();
    if (killed) {
      const sweeper = new ChaosChild("mcp", { origin: http.origin, stateDir, onMessage: () => undefined });
      sweeper.send({ jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: envelope() } });
      await sleep(500); // a create call that was on its way may still arrive
      if (!(await quiet(SWEEP_MS))) problems.push("I5: a run of a killed process goes on");
      await sweeper.finish(EXIT_MS);
      problems.push(...sweeper.problems);
    } else if (!(await quiet(SWEEP_MS))) problems.push("I5: a run goes on after its host has gone");
    result.replies += host.replies;
    const tags = started.map(({ tag }) => tag);
    if (new Set(tags).size < tags.length) problems.push("I4: a run was started twice");
    for (const { id, text } of started) {
      if (text().includes(WENT_ON) && !host.approved.has(id)) problems.push("I12: a run went on that nobody approved");
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
  if (random.chance(0.2)) rules.push({ kind: "status", where: "list", status: 500, body: "html", times: 2 });
  return rules;
}

class OddHost {
  readonly child: ChaosChild;
  readonly problems: string[] = [];
  /** Runs for which this host has sent a clear yes. */
  readonly approved = new Set<string>();
  replies = 0;
  readonly #random: SeededRandom;
  readonly #replies = new Map<unknown, number>();
  readonly #cancelled = new Set<number>();
  readonly #calls = new Map<unknown, Json>();
  readonly #runs: string[] = [];
  readonly #shakesHands: boolean;
  #lastId = 0;
  #lastTag = 0;

  constructor(random: SeededRandom, origin: string, stateDir: string) {
    this.#random = random;
    this.#shakesHands = random.chance(0.7);
    this.child = new ChaosChild("mcp", { origin, stateDir, onMessage: (message) => this.#take(message) });
  }

  async perform(): Promise<void> {
    const random = this.#random;
    if (this.#shakesHands) {
      this.#ask("initialize", { protocolVersion: "2025-11-25", capabilities: FORMS });
      this.child.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    }
    for (let count = random.int(4, 14); count > 0; count -= 1) {
      const act = random.pick([
        this.#start,
        this.#start,
        this.#look,
        this.#look,
        this.#cancelRun,
        this.#lie,
        this.#pause,
      ]);
      act.call(this);
      await sleep(random.magnitude(1, 400));
    }
    await sleep(random.magnitude(100, 2_500));
  }

  /** Returns whether the program was killed. Otherwise every request has to be answered by its end, unless it was cancelled. */
  async leave(): Promise<boolean> {
    const way = this.#random.pick(["eof", "eof", "SIGTERM", "SIGKILL", "stdout"] as const);
    if (way === "SIGKILL") this.child.process.kill("SIGKILL");
    else this.child.endBy(way, {});
    await this.child.exited;
    for (const id of this.#calls.keys()) {
      const replies = this.#replies.get(id) ?? 0;
      if (replies > 1) this.problems.push(`I1: ${replies} replies to one request`);
      const isDue = way === "eof" && !this.#cancelled.has(Number(id));
      if (replies === 0 && isDue) this.problems.push("I1: a request was not answered before the end");
    }
    return way === "SIGKILL";
  }

  #ask(method: string, params: object): number {
    this.#lastId += 1;
    this.#calls.set(this.#lastId, { method, params });
    this.child.send({ jsonrpc: "2.0", id: this.#lastId, method, params });
    return this.#lastId;
  }

  #call(name: string, args: object, more: object = {}): void {
    const random = this.#random;
    const stands = !this.#shakesHands || random.chance(0.4);
    const _meta = {
      ...(stands ? envelope(random.chance(0.7) ? FORMS : {}) : {}),
      ...(random.chance(0.5) ? { progressToken: this.#lastId } : {}),
    };
    const id = this.#ask("tools/call", { name, arguments: args, _meta, ...more });
    if (random.chance(0.3)) setTimeout(() => this.#timeOut(id), random.magnitude(1, 1_500)).unref();
  }

  #timeOut(id: number): void {
    this.#cancelled.add(id);
    this.child.send({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: id, reason: "timeout" },
    });
  }

  #start(): void {
    const random = this.#random;
    this.#lastTag += 1;
    const steps = random.pick([
      [{ text: "words ", n: 20, every_ms: 20 }],
      [{ hang: true }],
      ASKS,
      ASKS,
      ASKS,
      [{ fail: "no" }],
    ]);
    const prompt = `tag-${this.#lastTag}\n@script ${JSON.stringify(steps)}`;
    this.#call("seren_dispatch", { prompt, ...(random.chance(0.9) ? { wait_seconds: random.int(0, 4) } : {}) });
  }

  #look(): void {
    const run_id = this.#runs.length > 0 ? this.#random.pick(this.#runs) : "11111111-2222-4333-8444-555555555555";
    this.#call("seren_run_status", { run_id, wait_seconds: this.#random.int(0, 4) });
  }

  #cancelRun(): void {
    if (this.#runs.length > 0 && this.#random.chance(0.5))
      this.#call("seren_run_cancel", { run_id: this.#random.pick(this.#runs) });
  }

  /** Answers what was never asked, and brings states that are not ours. */
  #lie(): void {
    const yes = { action: "accept", content: { approve: true } };
    this.child.send({ jsonrpc: "2.0", id: `s${this.#random.int(50, 99)}`, result: yes });
    const forged = { requestState: "e30.e30", inputResponses: { "approval-1": yes } };
    this.#ask("tools/call", {
      name: "seren_dispatch",
      arguments: { prompt: "never" },
      _meta: envelope(FORMS),
      ...forged,
    });
  }

  #pause(): void {
    void this.child.pauseReading(this.#random.magnitude(10, 800));
  }

  #take(message: Message): void {
    if (message.kind === "request") {
      if (!this.#shakesHands) this.problems.push("a request to a client whose calls stand for themselves");
      this.#answer(message.id, String(message.params.message));
    } else if (message.kind !== "notification") {
      this.replies += 1;
      this.#replies.set(message.id, (this.#replies.get(message.id) ?? 0) + 1);
      if (message.kind === "result") this.#learn(message.id, message.result);
    }
  }

  #learn(id: unknown, result: Json): void {
    const {
      structuredContent: state,
      resultType,
      inputRequests,
      requestState,
    } = result as Record<string, Json | string>;
    if (typeof state === "object" && typeof state.run_id === "string") this.#runs.push(state.run_id);
    const call = this.#calls.get(id);
    if (resultType !== "input_required" || !call || this.#random.chance(0.2)) return;
    const [[key, asked] = ["", {}]] = Object.entries(inputRequests as Json);
    const response = this.#response(JSON.stringify(asked));
    const inputResponses = response === undefined ? {} : { [key]: response };
    this.#ask("tools/call", { ...(call.params as object), requestState, inputResponses });
  }

  #answer(id: unknown, shown: string): void {
    const random = this.#random;
    const send = () => {
      if (random.chance(0.15)) this.child.send({ jsonrpc: "2.0", id, error: { code: -32603, message: "no" } });
      else this.child.send({ jsonrpc: "2.0", id, result: this.#response(shown) ?? null });
    };
    if (random.chance(0.1)) return;
    setTimeout(send, random.magnitude(1, 600)).unref();
  }

  /** What this host's person says, or a program in its place. */
  #response(shown: string): unknown {
    const [runId = ""] = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(shown) ?? [];
    const answer = this.#random.pick([
      { action: "accept", content: { approve: true } },
      { action: "accept", content: { approve: false } },
      { action: "accept", content: {} },
      { action: "decline" },
      { action: "cancel", content: { approve: true } },
      { action: "accept", content: { approve: "yes" } },
      "yes",
      undefined,
    ]);
    const isYes = typeof answer === "object" && answer.action === "accept" && answer.content?.approve === true;
    if (isYes) this.approved.add(runId);
    return answer;
  }
}
