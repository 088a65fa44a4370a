/**
 * SIGKILL at random moments. The next start has to cancel the runs of the killed process, and neither those of a living
 * process nor detached ones. With notices and limits, each end is told once and nothing goes on in the ledger.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import type { Message, Mode } from "../support/child-process/line-check.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild, parcelDir } from "./chaos-child.ts";
import { sleep } from "./plan-service.ts";
import { Told } from "./told.ts";

const AT_ONCE = 8;
/** Longest time for the sweep: it starts after a second, and looks for an intent's run as long as lists may lag. */
const SWEEP_MS = 60_000;
const TOLD_MS = 5_000;
const LEAVE = "left-alone";
const LIVING = "of-a-living-process";

export interface Kills {
  rounds: number;
  /** Number of runs that were active when their process was killed. */
  orphans: number;
  problems: string[];
}

export async function killRounds(seed: number, rounds: number): Promise<Kills> {
  const result: Kills = { rounds, orphans: 0, problems: [] };
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < rounds; index = next++) {
      const problems = await oneRound(deriveSeed(seed, index), result);
      result.problems.push(...problems.map((what) => `${what} (seed ${seed}, round ${index})`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return result;
}

async function oneRound(seed: number, result: Kills): Promise<string[]> {
  const random = new SeededRandom(seed);
  const stateDir = mkdtempSync(join(tmpdir(), "seren-bridge-kill-"));
  const scratch = mkdtempSync(join(tmpdir(), "seren-bridge-told-"));
  const service = new UnreliableService(random);
  const told = new SeededRandom(deriveSeed(seed, 1)).chance(0.7) ? new Told(scratch, stateDir) : undefined;
  const http = await startLocalHttp(service.cloud);
  const children: ChaosChild[] = [];
  const start = (mode: Mode) => {
    const host = new EndlessHost(mode, http.origin, stateDir, told?.configHome);
    children.push(host.child);
    return host;
  };
  const problems: string[] = [];
  try {
    const bystander = random.chance(0.4) ? start("roder") : undefined;
    await bystander?.hello();
    bystander?.run(LIVING, false);
    if (bystander) await service.started(LIVING);

    const victim = start(random.pick(["roder", "roder", "courier", "mcp", "acp"]));
    await victim.hello();
    const leave = victim.child.mode === "roder" && random.chance(0.3);
    for (let count = victim.child.mode === "courier" ? 1 : random.int(1, 3); count > 0; count -= 1)
      victim.run("to-be-killed", false);
    if (leave) victim.run(LEAVE, true);
    if (random.chance(0.6)) await service.firstCreate;
    await sleep(random.chance(0.3) ? 0 : random.magnitude(1, 600));
    victim.child.process.kill("SIGKILL");
    await victim.child.exited;
    result.orphans += service.active("to-be-killed").length;
    // Before the host knew its id the run was not detached, and the next start may cancel it.
    const left = victim.left ? service.active(LEAVE).length : 0;

    let starters = Array.from({ length: random.chance(0.4) ? 2 : 1 }, () =>
      start(random.pick(["roder", "courier", "mcp", "acp"])),
    );
    await Promise.all(starters.map((one) => one.hello()));
    if (random.chance(0.25)) {
      await sleep(random.magnitude(800, 2_500));
      for (const one of starters) one.child.process.kill("SIGKILL");
      starters = [start("roder")];
      await Promise.all(starters.map((one) => one.hello()));
    }
    if (!(await service.without("to-be-killed", SWEEP_MS))) {
      problems.push(`I5: ${service.active("to-be-killed").length} runs of a killed process go on`);
    }
    await sleep(300);
    if (bystander && service.active(LIVING).length !== 1) problems.push("I12: a run of a living process was stopped");
    if (left > service.active(LEAVE).length) problems.push("I12: a run that was to be left alone was stopped");
    await bystander?.child.end();
    if (bystander && !(await service.without(LIVING, 20_000)))
      problems.push("I5: a run goes on after its host has gone");
  } finally {
    for (const child of children) {
      await child.finish(40_000);
      problems.push(...child.problems);
    }
    await http.close();
    // A program that a notice starts may outlive the process by a moment.
    const problem = () => told?.check(service.all("to-be-killed")) ?? [];
    for (const until = Date.now() + TOLD_MS; problem().length > 0 && Date.now() < until; ) await sleep(50);
    problems.push(...problem());
    for (const folder of [stateDir, scratch]) rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}

/** A service that is sometimes slow or fails, and its runs by label. */
class UnreliableService {
  readonly cloud: LocalCloud;
  readonly firstCreate: Promise<void>;
  readonly #labels = new Map<string, string>();
  readonly #waiting = new Map<string, () => void>();
  #created: () => void = () => undefined;

  constructor(random: SeededRandom) {
    this.firstCreate = new Promise((resolve) => {
      this.#created = resolve;
    });
    const work = builtInAgent(0);
    const faults: FaultRule[] = [];
    if (random.chance(0.4))
      faults.push({ kind: "late_reply", where: "create_run", ms: random.magnitude(1, 800), times: 2 });
    if (random.chance(0.3)) faults.push({ kind: "lag", where: "list", ms: random.magnitude(10, 1_500) });
    if (random.chance(0.3)) faults.push({ kind: "status", where: "cancel", status: 503, times: 2 });
    if (random.chance(0.2)) faults.push({ kind: "status", where: "list", status: 500, body: "html", times: 2 });
    this.cloud = new LocalCloud({
      ambient: realAmbient,
      keys: [API_KEY],
      faults: { seed: random.int(1, 1e6), rules: faults },
      agent: (stage) => {
        const label = /^\S+/.exec(stage.message ?? "")?.[0] ?? "";
        this.#labels.set(stage.run.id, label);
        if (label === "to-be-killed") this.#created();
        this.#waiting.get(label)?.();
        return work(stage);
      },
    });
  }

  started(label: string): Promise<void> {
    if ([...this.#labels.values()].includes(label)) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.set(label, resolve));
  }

  all(label: string): string[] {
    return [...this.#labels].flatMap(([id, of]) => (of === label ? id : []));
  }

  active(label: string): string[] {
    return this.cloud.stats().runsActive.filter((id) => this.#labels.get(id) === label);
  }

  async without(label: string, ms: number): Promise<boolean> {
    // A create call that was on its way when its process was killed may still arrive.
    await sleep(500);
    for (const until = Date.now() + ms; Date.now() < until; await sleep(50)) {
      if (this.active(label).length === 0) return true;
    }
    return false;
  }
}

/** A host of any kind that starts runs without an end. */
class EndlessHost {
  readonly child: ChaosChild;
  /** Whether the host has received the id of its detached run. */
  left = false;
  readonly #waiting = new Map<unknown, (message: Message) => void>();
  #session: unknown;
  #id = 0;

  constructor(mode: Mode, origin: string, stateDir: string, configHome?: string) {
    this.child = new ChaosChild(mode, {
      origin,
      stateDir,
      ...(configHome === undefined ? {} : { env: { XDG_CONFIG_HOME: configHome } }),
      onMessage: (message) => {
        if (message.kind === "notification") this.left ||= tellsOfLeft(message.params);
        else this.#waiting.get(message.id)?.(message);
      },
    });
  }

  /** Performs the handshake, until the program accepts runs. */
  async hello(): Promise<void> {
    if (this.child.mode === "roder") await this.#ask("extension/initialize", INITIALIZE);
    else if (this.child.mode === "mcp") {
      await this.#ask("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    } else if (this.child.mode === "acp") {
      await this.#ask("initialize", { protocolVersion: 1 });
    } else {
      const params = {
        kind: "open_session",
        protocol_version: COURIER_PROTOCOL_VERSION,
        parcel_dir: parcelDir("minimal"),
      };
      const reply = await this.#ask("courier.open_session", params);
      this.#session = reply?.kind === "result" ? reply.result.session : undefined;
    }
  }

  run(label: string, leave: boolean): void {
    const prompt = `${label}\n@script [{"text":"begun"},{"hang":true}]`;
    if (this.child.mode === "roder") {
      const input = { prompt, ...(leave ? { wait: false } : {}) };
      const params = { executorId: "seren-cloud-run", executionId: `${label}-${this.#id}`, taskId: "t", input };
      void this.#ask("tasks/execute", params);
    } else if (this.child.mode === "mcp") {
      void this.#ask("tools/call", { name: "seren_dispatch", arguments: { prompt } });
    } else if (this.child.mode === "acp") {
      const session = { sessionId: crypto.randomUUID() };
      void this.#ask("session/resume", { ...session, cwd: "/", mcpServers: [] });
      void this.#ask("session/prompt", { ...session, prompt: [{ type: "text", text: prompt }] });
    } else {
      const operation = { kind: "chat", input: prompt };
      const params = {
        kind: "run",
        protocol_version: COURIER_PROTOCOL_VERSION,
        parcel_dir: parcelDir("minimal"),
        session: this.#session,
        operation,
      };
      void this.#ask("courier.run", params);
    }
  }

  #ask(method: string, params: object): Promise<Message | undefined> {
    this.#id += 1;
    const id = this.#id;
    const reply = new Promise<Message>((resolve) => void this.#waiting.set(id, resolve));
    this.child.send({ jsonrpc: "2.0", id, method, params });
    return Promise.race([reply, this.child.exited.then(() => undefined)]);
  }
}

function tellsOfLeft({ executionId, event }: Record<string, unknown>): boolean {
  const isEnd = typeof event === "object" && event !== null && "type" in event && event.type === "completed";
  return isEnd && String(executionId).startsWith(LEAVE);
}
