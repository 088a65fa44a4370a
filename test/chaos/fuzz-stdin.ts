/** Mutated requests on stdin: to the adapters in memory, for volume, and to the built program. */
import { PassThrough, Writable } from "node:stream";
import { createAcpAgent } from "../../src/adapters/acp/index.ts";
import { createCourier } from "../../src/adapters/courier/index.ts";
import { createMcpServer } from "../../src/adapters/mcp/index.ts";
import { createRoderExtension, GENERAL_AGENT, readManifest } from "../../src/adapters/roder/index.ts";
import { type Execute, generalAgentTarget, RunRegistry, type Target } from "../../src/core/index.ts";
import { serve } from "../../src/stdio/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { silentLog } from "../../src/support/log.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { Secret } from "../../src/support/secret.ts";
import { settleWithin } from "../../src/support/settle-within.ts";
import type { Mode } from "../support/child-process/line-check.ts";
import { StdoutLines } from "../support/child-process/stdout-lines.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { DECLARED } from "./canaries.ts";
import { ChaosChild, ROOT } from "./chaos-child.ts";
import { corpusOf } from "./corpus.ts";
import { deploymentPlugin } from "./deployment-plugin.ts";
import { mutateText, mutateValue } from "./mutate.ts";
import { ReplyLedger } from "./reply-ledger.ts";

/** Lines between two probe requests, which must be answered. */
const STRIDE = 250;
/** Lines per program in memory. */
const LINES_EACH = 5_000;
/** A reply that takes longer counts as a hang. */
const HANG_MS = 20_000;
const ENDS = /shutdown/;
const inTime = (work: Promise<unknown>) => settleWithin(realAmbient, HANG_MS, work, { unref: false });

export interface Fuzzed {
  lines: number;
  replies: number;
  problems: string[];
}

/** Sends `lines` mutated lines through reader, JSON-RPC, adapter and writer. Runs are scripted and nothing is sent to a service. */
export async function fuzzInMemory(
  mode: Mode,
  seed: number,
  lines: number,
  spoil: Spoil = mutateText,
): Promise<Fuzzed> {
  const corpus = corpusOf(mode);
  const problems: string[] = [];
  let done = 0;
  let replies = 0;
  for (let round = 0; done < lines; round += 1) {
    const random = new SeededRandom(deriveSeed(seed, round));
    const ledger = new ReplyLedger(mode);
    const count = Math.min(LINES_EACH, lines - done);
    const input = new PassThrough();
    const served = serve({
      input,
      output: sinkInto(ledger),
      ...adapter(mode),
      redactor: createRedactor(),
      log: silentLog,
      ambient: realAmbient,
      shutdown: new AbortController().signal,
    });
    const write = (bytes: Buffer) => new Promise<void>((resolve) => void input.write(bytes, () => resolve()));
    await feed({ corpus, random, count, ledger, write, spoil, gone: served.ended });
    input.end();
    if (!(await inTime(served.ended))) problems.push("I11: the end was not reached");
    ledger.close();
    problems.push(...ledger.problems.map((problem) => `${problem} (seed ${seed}, round ${round})`));
    done += count;
    replies += ledger.replies;
  }
  return { lines: done, replies, problems: problems.slice(0, 20) };
}

/** The same with the built program as a child. Its service does not exist, so calls to it fail. */
export async function fuzzChild(mode: Mode, seed: number, lines: number): Promise<Fuzzed> {
  const ledger = new ReplyLedger(mode);
  const random = new SeededRandom(deriveSeed(seed, 0));
  const child = new ChaosChild(mode, {
    origin: "http://127.0.0.1:9",
    onMessage: ledger.read,
    env: { SEREN_BRIDGE_LOG: "error" },
  });
  const write = (bytes: Buffer) =>
    new Promise<void>((resolve) => {
      if (child.hasExited || !child.process.stdin?.writable) resolve();
      else child.process.stdin.write(bytes, () => resolve());
    });
  await feed({ corpus: corpusOf(mode), random, count: lines, ledger, write, spoil: mutateText, gone: child.exited });
  if (child.hasExited) child.problems.push("I11: the program ended");
  const exit = await child.finish(60_000);
  if (exit.code !== 0) child.problems.push(`I11: exit code ${exit.code}, ${exit.signal}`);
  ledger.close();
  for (const line of child.stderr.split("\n"))
    if (/uncaught|unhandled/i.test(line)) child.problems.push(`I11: ${line.slice(0, 300)}`);
  const problems = [...child.problems, ...ledger.problems].map((problem) => `${problem} (seed ${seed})`);
  return { lines, replies: ledger.replies, problems: problems.slice(0, 20) };
}

/** Mutates a valid line. */
export type Spoil = (line: string, random: SeededRandom) => Buffer;

/** Mutates only the session of a request, so that the session is what is rejected. */
export function spoilSession(line: string, random: SeededRandom): Buffer {
  const request = JSON.parse(line);
  if (request.params?.session === undefined) return Buffer.from(line);
  for (let count = random.magnitude(1, 3); count > 0; count -= 1) {
    request.params.session = mutateValue(request.params.session, random, 0);
  }
  return Buffer.from(JSON.stringify(request));
}

interface Feed {
  spoil: Spoil;
  corpus: readonly string[];
  random: SeededRandom;
  count: number;
  ledger: ReplyLedger;
  write(bytes: Buffer): Promise<void>;
  gone: Promise<unknown>;
}

async function feed({ corpus, random, count, ledger, write, spoil, gone }: Feed): Promise<void> {
  for (let sent = 0; sent < count; sent += STRIDE) {
    const pieces: Buffer[] = [];
    for (let index = sent; index < Math.min(count, sent + STRIDE); index += 1) {
      const line = random.chance(0.1) ? Buffer.from(random.pick(corpus)) : spoil(random.pick(corpus), random);
      if (!ENDS.test(line.toString())) pieces.push(line, Buffer.from("\n"));
    }
    const probe = `probe-${sent}`;
    pieces.push(
      Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: probe, method: "no.such.method", params: {} })}\n`),
    );
    const bytes = Buffer.concat(pieces);
    ledger.wrote(bytes);
    const answered = ledger.answered(probe);
    for (let at = 0; at < bytes.length; ) {
      const until = Math.min(bytes.length, at + random.magnitude(1, 100_000));
      await Promise.race([write(bytes.subarray(at, until)), gone]);
      at = until;
    }
    if (!(await inTime(Promise.race([answered, gone])))) {
      ledger.problems.push(`I11: nothing comes back after line ${sent}`);
      return;
    }
  }
  // Closing stdin also answers open requests, so check before that none is open.
  if (!(await inTime(Promise.race([ledger.nothingOpen(), gone])))) {
    ledger.problems.push("I11: a request was not answered before the end");
  }
}

function sinkInto(ledger: ReplyLedger): Writable {
  const lines = new StdoutLines(ledger.readLine);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk);
      done();
    },
  });
}

function adapter(mode: Mode) {
  if (mode === "deployment") return deploymentPlugin();
  const registry = new RunRegistry(async () => playedRun, realAmbient, { redactor: createRedactor() });
  if (mode === "courier") {
    return createCourier({
      registry,
      ambient: realAmbient,
      redactor: createRedactor(),
      apiKey: () => new Secret("a-key-that-is-never-sent"),
      deployment: undefined,
      secret: (name) => DECLARED[name],
      variable: (name) => DECLARED[name],
      log: silentLog,
      stateDir: "/nowhere",
      madeAhead: async () => undefined,
      warmUp: () => undefined,
      saveArtifacts: async () => [],
    });
  }
  const missing = new ExecutionFailure("not_found", "there is no such run");
  const target = ({ deploymentId }: { deploymentId?: string }): Target =>
    deploymentId ? { kind: "deployment", deploymentId, named: "the request" } : generalAgentTarget();
  const runs = { status: () => Promise.reject(missing), cancel: () => Promise.reject(missing) };
  const shared = { registry, ambient: realAmbient, log: silentLog, target, runs };
  if (mode === "mcp") {
    return createMcpServer({
      ...shared,
      version: "0.0.0",
      heard: { method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {} } },
      redactor: createRedactor(),
      agents: () => [{ name: "seren-agent", description: "A general agent." }],
      readArtifact: () => Promise.reject(missing),
      approvals: () => Promise.reject(missing),
      asksPeople: true,
    });
  }
  if (mode === "acp") {
    return createAcpAgent({
      ...shared,
      version: "0.0.0",
      isInitialized: true,
      redactor: createRedactor(),
      agents: [
        { name: "seren-agent", description: "A general agent." },
        { name: "seren-other", description: "Another one." },
      ],
      renewKey: () => undefined,
      requireKey: async () => undefined,
      approvals: () => Promise.reject(missing),
      asksPeople: true,
      warmUp: () => undefined,
    });
  }
  return createRoderExtension({
    ...shared,
    manifest: readManifest(`${ROOT}/dist/seren-bridge.mjs`, `${ROOT}/roder-extension.toml`),
    definitions: () => [GENERAL_AGENT],
  });
}

/** Emits the message as every kind of event. */
const playedRun: Execute = async function* (request) {
  const run = { runId: "11111111-1111-4111-8111-111111111111", deploymentId: "22222222-2222-4222-8222-222222222222" };
  const said = request.message ?? "";
  yield { type: "status", phase: "queued", detail: said, run };
  yield { type: "text", text: said };
  yield { type: "tool_call", id: "1", name: said, arguments: JSON.stringify(request.inputs ?? null) };
  yield { type: "tool_result", id: "1", name: said, content: said, isError: said.length % 2 === 1 };
  yield { type: "notice", level: "warning", message: said };
  return { kind: "completed", run, text: said, artifacts: [{ id: said, kind: said, title: said }], approvals: [] };
};
