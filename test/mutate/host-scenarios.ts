/** Turns of the hosts that speak lines of JSON: Dispatch, Roder, an MCP client, an ACP client, each as the built program meets it. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { GENERAL_AGENT } from "../../src/adapters/roder/index.ts";
import { request } from "../support/child-process/courier-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { HANG_MS, type Home } from "./program.ts";
import { ASK, type Observation, type Scenario, script, WORK } from "./scenario.ts";

interface Message {
  id?: number | string;
  method?: string;
  params?: Readonly<Record<string, unknown>>;
  result?: Readonly<Record<string, unknown>>;
  error?: { message: string };
}

const CLIENT = { name: "mutation trials", version: "1" };
const PARCEL = join(process.cwd(), "test", "fixtures", "dispatch", "parcels", "chat");
const DISPATCHED = "the words of the subagent";

/** A host on the program, with one request at a time. */
class Host {
  readonly #child;
  readonly #lines;
  readonly #watchdog: NodeJS.Timeout;
  /** Everything that was no reply. */
  readonly heard: Message[] = [];
  #lastId = 0;

  constructor(home: Home, mode: string) {
    this.#child = home.start([mode]);
    this.#child.stdin.on("error", () => undefined);
    this.#lines = linesOf(this.#child.stdout);
    this.#watchdog = setTimeout(() => this.#child.kill("SIGKILL"), HANG_MS);
  }

  write(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  async next(): Promise<Message> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error("the program ended before its host");
    this.heard.push(value);
    return value;
  }

  /** Sends a request and returns its reply; `onMessage` hears what comes before it. */
  async ask(method: string, params: object, onMessage: (message: Message) => void = () => undefined): Promise<Message> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.write({ id, method, params });
    for (;;) {
      const message = await this.next();
      if (message.id === id && message.method === undefined) return message;
      onMessage(message);
    }
  }

  async end(): Promise<number | null> {
    const closed = new Promise<number | null>((resolve) => this.#child.once("close", resolve));
    this.#child.stdin.end();
    const code = await closed;
    clearTimeout(this.#watchdog);
    return code;
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Message> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) {
    rest += chunk;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield JSON.parse(rest.slice(0, end)) as Message;
      rest = rest.slice(end + 1);
    }
  }
}

/** Two turns of one session, each request after the answer to the one before. */
async function courierTurns(home: Home): Promise<Observation> {
  const host = new Host(home, "courier");
  const ask = async (kind: string, more: object) => {
    const { method, params } = request(kind, { parcel_dir: PARCEL, ...more });
    host.heard.length = 0;
    return host.ask(`${method}`, params as object);
  };
  const seen: Record<string, unknown> = {};
  let { result: { session } = {} } = await ask("open_session", {});
  seen.opened = session !== undefined;
  for (const turn of ["first", "second"]) {
    const operation = { kind: "chat", input: script({ text: `${turn} ` }, { text: "answer" }) };
    const { result, error } = await ask("run", { session, operation });
    session = result?.session ?? session;
    const events = host.heard.flatMap(({ params }) => (params ? [params] : []));
    seen[turn] = {
      error: error?.message,
      done: result?.kind,
      deltas: events.flatMap((event) => (event.kind === "text_delta" ? [event.content] : [])).join(""),
      messages: events.flatMap((event) => (event.kind === "message" ? [event.content] : [])),
    };
  }
  return { ...seen, code: await host.end() };
}

async function roderWork(home: Home, prompt: string): Promise<Observation> {
  const host = new Host(home, "roder");
  await host.ask("extension/initialize", INITIALIZE);
  const task = { executorId: "seren-cloud-run", executionId: randomUUID(), taskId: "t", input: { prompt } };
  const dispatch = {
    dispatcherId: "seren-cloud",
    dispatchId: randomUUID(),
    parentThreadId: "a",
    parentTurnId: "b",
    request: {
      description: "d",
      subagent_type: GENERAL_AGENT.agent_type,
      prompt: script({ text: DISPATCHED }),
    },
  };
  const errors = [await host.ask("tasks/execute", task), await host.ask("subagents/dispatch", dispatch)].flatMap(
    ({ error }) => error?.message ?? [],
  );
  const ends: Record<string, unknown> = {};
  let streamed = "";
  const take = ({ method, params }: Message) => {
    const event = params?.event as Record<string, unknown> | undefined;
    if (event?.type === "output" && event.stream === "stdout") streamed += event.chunk;
    if (event?.type !== "completed" && event?.type !== "failed") return;
    const result = (event.result ?? {}) as Record<string, unknown>;
    const hasWords = JSON.stringify(event).includes(DISPATCHED);
    ends[`${method}`] = [event.type, result.exit_code, result.exit_reason, hasWords];
  };
  host.heard.forEach(take);
  while (Object.keys(ends).length + errors.length < 2) take(await host.next());
  return { ...ends, streamed, errors, code: await host.end() };
}

/** A model that is told twice that a person has to decide stops looking. */
const MOST_WAITING = 2;
const GOES_ON = new Set(["starting", "queued", "running", "awaiting_approval"]);

/** A run that a model starts and looks at to its end; a person answers its question. */
async function mcpRun(home: Home, prompt: string): Promise<Observation> {
  const host = new Host(home, "mcp");
  const asked: unknown[] = [];
  const approve = ({ id, method, params }: Message) => {
    if (id === undefined || method !== "elicitation/create") return;
    asked.push(method);
    const schema = params?.requestedSchema as { properties: Record<string, { enum?: string[] }> } | undefined;
    const fields = Object.entries(schema?.properties ?? {});
    const content = Object.fromEntries(fields.map(([name, one]) => [name, one.enum?.[0] ?? true]));
    host.write({ id, result: { action: "accept", content } });
  };
  await host.ask("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: { elicitation: { form: {} } },
    clientInfo: CLIENT,
  });
  host.write({ method: "notifications/initialized" });
  const call = async (name: string, args: object) => {
    for (;;) {
      const { result, error } = await host.ask("tools/call", { name, arguments: args }, approve);
      const state = result?.structuredContent as Record<string, unknown> | undefined;
      if (state) return state;
      const words = error?.message ?? JSON.stringify(result?.content);
      if (!words.includes("ask again in a moment")) return { status: "failed", error: words };
    }
  };
  let state = await call("seren_dispatch", { prompt });
  let text = "";
  for (let waiting = 0; waiting < MOST_WAITING && state.error === undefined; ) {
    state = await call("seren_run_status", { run_id: state.run_id, cursor: state.cursor ?? 0, wait_seconds: 20 });
    text += state.text;
    if (state.status === "awaiting_approval") waiting += 1;
    if (!GOES_ON.has(`${state.status}`) && !state.has_more) break;
  }
  const { status, error } = state;
  return { status, text, asked, code: await host.end(), ...(error === undefined ? {} : { error }) };
}

/** One turn of a session; a person answers its question. */
async function acpTurn(home: Home, words: string): Promise<Observation> {
  const host = new Host(home, "acp");
  const asked: unknown[] = [];
  let said = "";
  await host.ask("initialize", { protocolVersion: 1, clientCapabilities: {}, clientInfo: CLIENT });
  const { result } = await host.ask("session/new", { cwd: home.folder, mcpServers: [] });
  const prompt = { sessionId: result?.sessionId, prompt: [{ type: "text", text: words }] };
  const { result: end, error } = await host.ask("session/prompt", prompt, ({ id, method, params }) => {
    const update = params?.update as { sessionUpdate: string; content?: { text?: string } } | undefined;
    if (update?.sessionUpdate === "agent_message_chunk") said += update.content?.text;
    if (update?.content?.text?.includes("Decide it in a terminal"))
      host.write({ method: "session/cancel", params: { sessionId: prompt.sessionId } });
    if (id === undefined || method !== "session/request_permission") return;
    const options = params?.options as { optionId: string; kind: string }[];
    asked.push(options.map(({ kind }) => kind));
    const optionId = options.find(({ kind }) => kind === "allow_once")?.optionId;
    host.write({ id, result: { outcome: { outcome: "selected", optionId } } });
  });
  return { stopReason: end?.stopReason, said, asked, errors: error?.message, code: await host.end() };
}

/** What is asked for is shown in a host whole or not at all, and decided in a terminal where it is too long. */
const SHOWN = ["tool", "args", "env", "reason"];

export const HOST_SCENARIOS: readonly Scenario[] = [
  { name: "courier, two turns", play: courierTurns },
  { name: "roder, a task and a dispatch", play: (home) => roderWork(home, WORK) },
  { name: "mcp, a run", play: (home) => mcpRun(home, WORK) },
  { name: "mcp, an approval", required: SHOWN, play: (home) => mcpRun(home, ASK) },
  { name: "acp, a turn", play: (home) => acpTurn(home, WORK) },
  { name: "acp, an approval", required: SHOWN, play: (home) => acpTurn(home, ASK) },
];
