/**
 * Odd MCP and ACP hosts, each against the built program and an unreliable service. What they do is in
 * `odd-mcp-host.ts` and `odd-acp-host.ts`; what must hold whatever they do is here.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";
import { OddAcpHost } from "./odd-acp-host.ts";
import { WENT_ON } from "./odd-host.ts";
import { OddMcpHost } from "./odd-mcp-host.ts";
import { sleep } from "./plan-service.ts";

const AT_ONCE = 4;
const EXIT_MS = 20_000;
/** The next start looks for what a killed process left. */
const SWEEP_MS = 60_000;

const HOSTS = { mcp: OddMcpHost, acp: OddAcpHost };
export type OddKind = keyof typeof HOSTS;

export interface OddHosts {
  replies: number;
  approved: number;
  problems: string[];
}

export async function oddHosts(kind: OddKind, seed: number, rounds: number): Promise<OddHosts> {
  const total: OddHosts = { replies: 0, approved: 0, problems: [] };
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < rounds; index = next++) {
      const { replies, approved, problems } = await oddHost(kind, deriveSeed(seed, index));
      total.replies += replies;
      total.approved += approved;
      total.problems.push(...problems.map((what) => `${what} (seed ${seed}, round ${index})`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return total;
}

interface Started {
  id: string;
  tag: string;
  conversation: unknown;
  text(): string;
}

export async function oddHost(kind: OddKind, seed: number): Promise<OddHosts> {
  const random = new SeededRandom(seed);
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
      started.push({ id: stage.run.id, tag, conversation: stage.payload.conversation_id, text });
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
  const host = new HOSTS[kind](random, http.origin, stateDir);
  const { problems } = host;
  try {
    await host.perform();
    const isKilled = await host.leave();
    if (isKilled) {
      const sweeper = new ChaosChild(kind, { origin: http.origin, stateDir, onMessage: () => undefined });
      sweeper.send({ jsonrpc: "2.0", id: 1, method: "initialize", params: host.hello });
      await sleep(500); // a create call that was on its way may still arrive
      if (!(await quiet(SWEEP_MS))) problems.push("I5: a run of a killed process goes on");
      await sweeper.finish(EXIT_MS);
      problems.push(...sweeper.problems);
    } else if (!(await quiet(SWEEP_MS))) problems.push("I5: a run goes on after its host has gone");
    problems.push(...checkRuns(started, host.approved));
    for (const [checkpoint, times] of Object.entries(cloud.stats().decisionsReceived)) {
      if (times > 1) problems.push(`I12: the decision about ${checkpoint} was sent ${times} times`);
    }
  } finally {
    await host.child.finish(EXIT_MS);
    problems.push(...host.child.problems);
    await http.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
  return { replies: host.replies, approved: host.approved.size, problems };
}

function checkRuns(started: readonly Started[], approved: ReadonlySet<unknown>): string[] {
  const tags = started.map(({ tag }) => tag);
  const twice = new Set(tags).size < tags.length ? ["I4: a run was started twice"] : [];
  const unasked = started.filter(
    ({ id, conversation, text }) => text().includes(WENT_ON) && !approved.has(id) && !approved.has(conversation),
  );
  return [...twice, ...unasked.map(() => "I12: a run went on that no answer approved")];
}

function faultsOf(random: SeededRandom): FaultRule[] {
  const rules: FaultRule[] = [];
  if (random.chance(0.3))
    rules.push({ kind: "late_reply", where: "create_run", ms: random.magnitude(1, 800), times: 2 });
  if (random.chance(0.3)) rules.push({ kind: "status", where: "cancel", status: 503, times: 2 });
  if (random.chance(0.2)) rules.push({ kind: "hang", where: "cancel" });
  if (random.chance(0.2)) rules.push({ kind: "status", where: "list", status: 500, body: "html", times: 2 });
  if (random.chance(0.3)) rules.push({ kind: "cut", where: "stream", frames: random.int(1, 6), times: 3 });
  return rules;
}
