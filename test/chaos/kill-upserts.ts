/**
 * `dispatch up`, killed: the built deployment plugin is ended at a step of an upsert, where a step is a request that reaches the
 * service. While that goes on and afterwards, a family in which one has served never has none that serves; one more upsert ends
 * with exactly one, the one that was asked for.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEPLOYMENT_PROTOCOL_VERSION } from "#protocols/dispatch-deployment";
import type { GuardedService, LocalRequest, LocalResponse } from "../../src/local/http/exchange.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import type { Message } from "../support/child-process/line-check.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";

const AT_ONCE = 4;
const STEM = "night";
const EXIT_MS = 40_000;
/** More than what a socket holds: the upload of it is under way when its head has arrived. */
const BUNDLE_BYTES = 6 * 1024 * 1024;

interface UpsertKill {
  /** Counted from 0; a step that is never reached kills nothing. */
  step: number;
  /** With `head` the body of the request may still be on its way; with `before` the service has it; with `after` it has done it. */
  when: "head" | "before" | "after";
  signal: "SIGTERM" | "SIGKILL" | "SIGINT";
}

export interface UpsertPlan {
  seed: number;
  mode: "job" | "cron" | "always_on";
  /** Whether it uploads an archive. */
  isCode: boolean;
  /** Whether an earlier one serves. */
  hasEarlier: boolean;
  deployMs: number;
  rules: FaultRule[];
  kills: UpsertKill[];
}

interface KilledUpserts {
  /** How many processes were ended. */
  killed: number;
  problems: string[];
}

export function drawUpsertPlan(seed: number): UpsertPlan {
  const random = new SeededRandom(seed);
  const rules: FaultRule[] = [];
  if (random.chance(0.3)) rules.push({ kind: "lag", where: "deployments", ms: random.magnitude(10, 1_000) });
  if (random.chance(0.2)) rules.push({ kind: "lost_reply", where: "deploy", answer: "drop" });
  if (random.chance(0.2)) rules.push({ kind: "status", where: "delete", status: 503 });
  return {
    seed,
    mode: random.pick(["job", "cron", "always_on"] as const),
    isCode: random.chance(0.4),
    hasEarlier: random.chance(0.8),
    deployMs: random.pick([0, 0, 300]),
    rules,
    kills: Array.from({ length: random.int(1, 3) }, () => ({
      step: random.int(0, 16),
      when: random.pick(["head", "before", "after"] as const),
      signal: random.pick(["SIGTERM", "SIGKILL", "SIGKILL", "SIGINT"] as const),
    })),
  };
}

export async function killUpserts(plans: readonly UpsertPlan[]): Promise<KilledUpserts> {
  const result: KilledUpserts = { killed: 0, problems: [] };
  const waiting = [...plans];
  const worker = async () => {
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) {
      const { killed, problems } = await killUpsert(plan);
      result.killed += killed;
      result.problems.push(...problems.map((problem) => `${problem} (${JSON.stringify(plan)})`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

async function killUpsert(plan: UpsertPlan): Promise<KilledUpserts> {
  const folder = mkdtempSync(join(tmpdir(), "seren-bridge-upserts-"));
  const service = new WatchedService(plan);
  const http = await startLocalHttp(service);
  const result: KilledUpserts = { killed: 0, problems: service.problems };
  const up = async (version: string, kill?: UpsertKill) => {
    const messages: Message[] = [];
    const child = new ChaosChild("deployment", {
      origin: http.origin,
      stateDir: join(folder, "state"),
      onMessage: (message) => void messages.push(message),
    });
    service.armed = kill && {
      ...kill,
      end: () => {
        result.killed += 1;
        child.process.kill(kill.signal);
        return kill.signal === "SIGKILL" ? child.exited : undefined;
      },
    };
    child.send(requestOf(plan, version, folder));
    const exit = await child.finish(EXIT_MS);
    service.armed = undefined;
    result.problems.push(...child.problems);
    if (exit.signal !== "SIGKILL") {
      if (exit.code !== 0) result.problems.push(`I5: exit ${exit.code}: ${child.stderr.slice(-500)}`);
      if (messages.length !== 1) result.problems.push(`I1: ${messages.length} replies`);
    }
    const [reply] = messages;
    if (reply?.kind === "result") service.hasServed = true;
    return reply;
  };
  try {
    for (const version of ["one", "two"]) {
      const file = join(folder, version);
      mkdirSync(file);
      writeFileSync(join(file, "main.bin"), randomBytes(plan.isCode ? BUNDLE_BYTES : 1));
    }
    if (plan.hasEarlier) await up("one");
    service.isCalm = false;
    for (const kill of plan.kills) await up("two", kill);
    service.isCalm = true;
    const last = await up("two");
    if (last?.kind !== "result") result.problems.push(`I15: the last one fails: ${JSON.stringify(last)}`);
    const family = await service.family();
    const [one, ...others] = family;
    if (others.length > 0 || one?.status !== "running") {
      result.problems.push(`I15: not exactly one in the end: ${JSON.stringify(family)}`);
    }
    const detail = last?.kind === "result" ? JSON.stringify(last.result) : "";
    if (one && !detail.includes(one.id)) result.problems.push("I15: another one than the one that was reported");
  } finally {
    await http.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return result;
}

function requestOf({ mode, isCode }: UpsertPlan, version: string, folder: string): object {
  const instructions = [{ kind: "skill", path: "SKILL.md", content: version }];
  const spec = {
    mode,
    ...(mode === "cron" ? { cron_schedule: "0 3 1 1 *" } : {}),
    ...(isCode
      ? { code: { bundle_path: join(folder, version), runtime_kind: "python" } }
      : { workload: { execution: { type: "llm", instructions } } }),
  };
  const params = { kind: "upsert", name: STEM, protocol_version: DEPLOYMENT_PROTOCOL_VERSION, spec };
  return { jsonrpc: "2.0", id: 1, method: "deployment.upsert", params };
}

interface Row {
  id: string;
  name: string;
  status: string;
}

/** A service that ends the process which asks it, at the step that was agreed, and looks after each step at what serves. */
class WatchedService implements GuardedService {
  armed: (UpsertKill & { end: () => Promise<unknown> | undefined }) | undefined;
  /** Whether the faults of the plan are away. */
  isCalm = true;
  hasServed = false;
  readonly problems: string[] = [];
  readonly #cloud: LocalCloud;
  #steps = 0;

  constructor({ seed, rules, deployMs }: UpsertPlan) {
    const faults = { seed: deriveSeed(seed, 1), rules };
    this.#cloud = new LocalCloud({ ambient: realAmbient, keys: [API_KEY], faults, deployMs });
  }

  refusal(head: Omit<LocalRequest, "body">) {
    void this.#reached("head");
    return this.#cloud.refusal(head);
  }

  async handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    if (await this.#reached("before")) return { drop: true };
    const service = this.isCalm ? this.#cloud.withoutFaults() : this.#cloud;
    const response = await service.handle(request, signal);
    await this.#look(request);
    this.#steps += 1;
    const isGone = await this.#reached("after");
    return isGone ? { drop: true } : response;
  }

  async family(): Promise<Row[]> {
    const headers = { authorization: `Bearer ${API_KEY}` };
    const request = { method: "GET", path: "/publishers/seren-cloud/deployments", headers, body: undefined };
    const response = await this.#cloud.withoutFaults().handle(request);
    if (response.drop || typeof response.body !== "string") throw new Error("the list is lost");
    const rows: Row[] = JSON.parse(response.body).data;
    return rows.filter(({ name }) => name.startsWith(`${STEM}-up-`));
  }

  /** Returns whether the process is gone, and its request with it. */
  async #reached(when: UpsertKill["when"]): Promise<boolean> {
    if (!this.armed) {
      this.#steps = 0;
      return false;
    }
    const step = when === "after" ? this.#steps - 1 : this.#steps;
    if (this.armed.when !== when || this.armed.step !== step) return false;
    const { end } = this.armed;
    this.armed = { ...this.armed, step: -1 };
    const gone = end();
    await gone;
    return gone !== undefined;
  }

  async #look({ method, path }: LocalRequest): Promise<void> {
    const family = await this.family();
    if (this.hasServed && !family.some(({ status }) => status === "running")) {
      this.problems.push(`I12: none serves after ${method} ${path}: ${JSON.stringify(family)}`);
    }
  }
}
