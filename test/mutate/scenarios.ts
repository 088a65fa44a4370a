/**
 * What people and hosts do with the program, each as a function from a fresh home to what can be seen of it. The same
 * scenario is played with a clean service first; with one odd member it has to look the same.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { GENERAL_AGENT } from "../../src/adapters/roder/index.ts";
import type { LocalCloudOptions } from "../../src/local/index.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { DEPLOYMENT_SCENARIOS } from "./deployment-scenarios.ts";
import type { Mishap, OddService } from "./odd-service.ts";
import type { Ended, Home } from "./program.ts";

/** Compared between the clean trial and the odd one. */
export type Observation = Readonly<Record<string, unknown>>;

export interface Scenario {
  name: string;
  mishaps?: readonly Mishap[];
  /** How the service differs from the usual one. */
  service?: Partial<LocalCloudOptions>;
  /** Names of members without which it cannot be as usual. */
  required?: readonly string[];
  /** Prepares the service, before any member is odd. */
  before?(service: OddService, home: Home): Promise<string | undefined>;
  /** `prepared`: what `before` returned, usually the id of a run. */
  play(home: Home, prepared: string, service: OddService): Promise<Observation>;
}

const script = (...steps: object[]) => `Do as follows:\n\n@script ${JSON.stringify(steps)}`;

const WORK = script(
  { think: "first " },
  { text: 'The answer\nhas "quotes", https://example.com/a?b=c ' },
  { tool: "search", args: { q: "x" }, result: { hits: 3 } },
  { artifact: { id: "report-1", kind: "file", title: "Report", url: "https://example.invalid/report.txt" } },
  { text: "and two parts." },
  { usage: { input_tokens: 12, output_tokens: 34, compute_usd: "0.01", inference_usd: "0.02" } },
);
const SLOW = script({ text: "one " }, { sleep_ms: 300 }, { text: "two " }, { sleep_ms: 300 }, { text: "three" });
const HANG = script({ text: "started " }, { hang: true });
const ASK = script(
  { text: "before " },
  { approve: "deploy", args: { env: "prod" }, reason: "because" },
  { text: "after" },
);

const HELD = script({ text: "before " }, { egress: { host: "api.example.net", port: 443 } }, { text: "after" });
const INTERRUPTED = script({ text: "before " }, { interrupt: "the host was replaced" }, { text: "after" });

/** The lines of `run --json`, as far as they do not depend on ids or on one optional member. */
function outcomeOf({ code, stdout, stderr }: Ended): Observation {
  const lines = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = lines.at(-1) ?? {};
  const count = (type: string) => lines.filter((line) => line.type === type).length;
  const outcome = last.outcome ?? last.type;
  return {
    code,
    outcome,
    text: last.text,
    streamed: lines.flatMap((line) => (line.type === "text" ? [line.text] : [])).join(""),
    toolCalls: count("tool_call"),
    toolResults: count("tool_result"),
    // Where the stream and the list of artifacts cannot be matched any more, one artifact is shown twice.
    hasArtifacts: Array.isArray(last.artifacts) ? last.artifacts.length > 0 : undefined,
    ...(code === 0
      ? {}
      : { error: (last.error as { message?: string })?.message ?? last.message ?? stderr.slice(-300) }),
  };
}

const jsonOf = ({ code, stdout, stderr }: Ended, pick: (row: Record<string, unknown>) => unknown): Observation => {
  let rows: unknown;
  try {
    const value = JSON.parse(stdout) as unknown;
    rows = (Array.isArray(value) ? value : [value]).map((row) => pick(row as Record<string, unknown>));
  } catch {
    rows = stdout;
  }
  return { code, rows, ...(code === 0 ? {} : { error: stderr.slice(-300) }) };
};

const run = (home: Home, prompt: string, ...more: string[]) => home.run(["run", "--json", ...more, "--", prompt]);

/** A detached run, so that a scenario can begin with one that goes on. */
const detached = (prompt: string) => async (_: OddService, home: Home) =>
  (await home.run(["run", "--detach", "--", prompt])).stdout.trim();

const ended = async (service: OddService) => {
  for (let look = 0; look < 100 && service.cloud.stats().runsActive.length > 0; look += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return { left: service.cloud.stats().runsActive.length };
};

/** An answer that has not begun by then is one whose event cannot be read. */
const BEGINS_WITHIN_MS = 8_000;

/** Ctrl-C once the answer has begun. */
const interrupted = async (home: Home) => {
  let sent = false;
  let waits: NodeJS.Timeout | undefined;
  const end = await home.run(["run", "--json", "--", HANG], (text, child) => {
    const interrupt = () => {
      if (!sent) child.kill("SIGINT");
      sent = true;
    };
    if (text.includes("started")) interrupt();
    else waits ??= setTimeout(interrupt, BEGINS_WITHIN_MS);
  });
  clearTimeout(waits);
  return outcomeOf(end);
};

export const SCENARIOS: readonly Scenario[] = [
  { name: "run, first", service: { deployMs: 300 }, play: async (home) => outcomeOf(await run(home, WORK)) },
  {
    name: "run, again",
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => outcomeOf(await run(home, WORK)),
  },
  {
    name: "run, create answer lost",
    before: async (_, home) => void (await run(home, "hello")),
    mishaps: [{ kind: "lost", operation: "create_run" }],
    play: async (home) => outcomeOf(await run(home, SLOW)),
  },
  {
    name: "run, deploy answer lost",
    mishaps: [{ kind: "lost", operation: "deploy" }],
    play: async (home) => outcomeOf(await run(home, "hello")),
  },
  {
    name: "run, streams cut",
    mishaps: [{ kind: "cut", frames: 3, times: 3 }],
    play: async (home) => outcomeOf(await run(home, SLOW)),
  },
  {
    name: "run, no streams",
    mishaps: [{ kind: "no_streams" }],
    play: async (home) => outcomeOf(await run(home, WORK)),
  },
  {
    name: "run, interrupted",
    play: async (home, _, service) => ({ ...(await interrupted(home)), ...(await ended(service)) }),
  },
  {
    name: "run, time limit",
    play: async (home, _, service) => ({ ...outcomeOf(await run(home, HANG, "-t", "8s")), ...(await ended(service)) }),
  },
  {
    name: "runs cancel",
    before: detached(HANG),
    play: async (home, id, service) => {
      const { code } = await home.run(["runs", "cancel", id]);
      return { code, ...(await ended(service)) };
    },
  },
  {
    name: "run, returns at an approval",
    play: async (home) => outcomeOf(await run(home, ASK, "--approvals", "return")),
  },
  {
    name: "approvals list",
    before: detached(ASK),
    play: async (home) =>
      jsonOf(await home.run(["approvals", "list", "--json"]), ({ run_id }) => (run_id ? "a run" : "no run")),
  },
  {
    name: "approvals list, a held request",
    before: detached(HELD),
    play: async (home) =>
      jsonOf(await home.run(["approvals", "list", "--json"]), ({ entry_id }) => (entry_id ? "an entry" : "no entry")),
  },
  { name: "approvals approve", before: detached(ASK), play: (home, id) => decided(home, id) },
  {
    name: "approvals approve, in place",
    service: { refusedDecisions: { where: "create_run", status: 404 } },
    before: detached(ASK),
    play: (home, id) => decided(home, id),
  },
  { name: "approvals approve, a held request", before: heldEntry, play: (home, ids) => decided(home, ids) },
  {
    name: "approvals approve, a lease",
    service: { leases: true },
    before: heldEntry,
    play: async (home, ids, service) => ({
      ...(await decided(home, ids, "--always")),
      granted: service.cloud.stats().leasesGranted.length,
    }),
  },
  {
    name: "runs resume",
    before: async (service, home) => {
      const { stdout } = await home.run(["run", "--detach", "--", INTERRUPTED]);
      await ended(service);
      return stdout.trim();
    },
    play: async (home, id) => {
      const resumed = await home.run(["runs", "resume", id]);
      const followed = outcomeOf(await home.run(["runs", "follow", id, "--json", "-t", "20s"]));
      return { resumed: resumed.code, ...followed };
    },
  },
  {
    name: "runs list",
    before: async (_, home) => void (await run(home, WORK)),
    play: async (home) =>
      jsonOf(await home.run(["runs", "list", "--json"]), ({ run_id, state }) => [typeof run_id, state]),
  },
  {
    name: "runs show",
    before: detached(WORK),
    play: async (home, id) =>
      jsonOf(await home.run(["runs", "show", id, "--json"]), ({ run_id, state, text }) => [typeof run_id, state, text]),
  },
  {
    name: "deployments list",
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => jsonOf(await home.run(["deployments", "list", "--json"]), ({ id }) => typeof id),
  },
  {
    name: "agents",
    required: ["name"], // it tells the deployments of this program from agents
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => jsonOf(await home.run(["agents", "--json"]), () => "an agent"),
  },
  { name: "courier, two turns", play: courierTurns },
  { name: "roder, a task and a dispatch", play: roderWork },
  ...DEPLOYMENT_SCENARIOS,
];

/** `ids`: of the run, and of the entry of the inbox where that is what is decided. */
async function decided(home: Home, ids: string, ...options: string[]): Promise<Observation> {
  const [id = "", entry = id] = ids.split(" ");
  const decision = await home.run(["approvals", "approve", entry, "--yes", ...options]);
  const followed = outcomeOf(await home.run(["runs", "follow", id, "--json", "-t", "20s"]));
  return { decided: decision.code, error: decision.code === 0 ? undefined : decision.stderr.slice(-300), ...followed };
}

/** Starts a run that holds a request. Returns the ids of the run and of the entry of the inbox. */
async function heldEntry(service: OddService, home: Home): Promise<string> {
  const id = await detached(HELD)(service, home);
  for (;;) {
    const { stdout } = await home.run(["approvals", "list", "--json"]);
    const [entry] = JSON.parse(stdout) as { entry_id: string }[];
    if (entry) return `${id} ${entry.entry_id}`;
  }
}

const PARCEL = join(process.cwd(), "test", "fixtures", "dispatch", "parcels", "chat");

/** Two turns of one session, each request after the answer to the one before, as Dispatch does. */
async function courierTurns(home: Home): Promise<Observation> {
  const child = home.start(["courier"]);
  const lines = linesOf(child.stdout);
  const seen: Record<string, unknown> = {};
  const ask = async (method: string, params: object) => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
    const events: Record<string, unknown>[] = [];
    for (;;) {
      const { done, value: message } = await lines.next();
      if (done) throw new Error("the courier ended");
      if (message.id !== undefined) return { message, events };
      events.push(message.params as Record<string, unknown>);
    }
  };
  const opened = await ask("courier.open_session", { parcel_dir: PARCEL });
  let session = (opened.message.result as { session?: object } | undefined)?.session;
  seen.opened = session !== undefined;
  for (const turn of ["first", "second"]) {
    const operation = { kind: "chat", input: script({ text: `${turn} answer` }) };
    const { message, events } = await ask("courier.run", { parcel_dir: PARCEL, session, operation });
    const result = message.result as { session?: object } | undefined;
    session = result?.session ?? session;
    seen[turn] = {
      error: (message.error as { message?: string } | undefined)?.message,
      deltas: events.flatMap((event) => (event.kind === "text_delta" ? [event.content] : [])).join(""),
      messages: events.filter(({ kind }) => kind === "message").length,
      done: events.at(-1)?.kind,
    };
  }
  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  return seen;
}

async function roderWork(home: Home): Promise<Observation> {
  const child = home.start(["roder"]);
  const lines = linesOf(child.stdout);
  const send = (id: number, method: string, params: object) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  send(1, "extension/initialize", INITIALIZE);
  const input = { prompt: WORK };
  send(2, "tasks/execute", { executorId: "seren-cloud-run", executionId: randomUUID(), taskId: "t", input });
  send(3, "subagents/dispatch", {
    dispatcherId: "seren-cloud",
    dispatchId: randomUUID(),
    parentThreadId: "a",
    parentTurnId: "b",
    request: { description: "d", subagent_type: GENERAL_AGENT.agent_type, prompt: script({ text: "dispatched" }) },
  });
  const seen: Record<string, unknown> = {};
  const errors: unknown[] = [];
  for await (const message of lines) {
    if (message.error) errors.push((message.error as { message: string }).message);
    const { event } = (message.params ?? {}) as { event?: Record<string, unknown> };
    if (event?.type !== "completed" && event?.type !== "failed") continue;
    const result = (event.result ?? {}) as Record<string, unknown>;
    const text = JSON.stringify(result.content ?? result.summary ?? result.text ?? event.error ?? "");
    seen[String(message.method)] = [event.type, event.exitCode, result.exit_reason, text.includes("dispatched")];
    if (Object.keys(seen).length === 2 || errors.length > 0) break;
  }
  child.stdin.end();
  await new Promise((resolve) => child.once("close", resolve));
  return { ...seen, errors };
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Record<string, unknown>> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) {
    rest += chunk;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield JSON.parse(rest.slice(0, end)) as Record<string, unknown>;
      rest = rest.slice(end + 1);
    }
  }
}
