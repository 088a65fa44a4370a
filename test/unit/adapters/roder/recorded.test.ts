/** The real host's lines, as they were recorded, played against the extension; the fake runs follow their scripts. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import {
  DispatchAckSchema,
  ExecuteAckSchema,
  InitializeResultSchema,
  SubagentDefinitionSchema,
  TaskSpecSchema,
  ToolResultSchema,
} from "#protocols/roder-extension";
import type { Execute } from "../../../../src/core/index.ts";
import { sleep } from "../../../../src/support/ambient.ts";
import type { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { Host, type Json, type Reply } from "./harness.ts";
import { Remote, RUN } from "./remote.ts";

const FOLDER = "test/fixtures/roder";

const LineSchema = z.object({ t_ms: z.number(), dir: z.enum(["host", "child"]), line: z.string() });
const MessageSchema = z.object({ id: z.number().optional(), method: z.string(), params: z.looseObject({}) });
const ScriptSchema = z.array(
  z.object({
    text: z.string().optional(),
    n: z.number().default(1),
    every_ms: z.number().default(0),
    hang: z.boolean().optional(),
    fail: z.object({ reason: z.string(), message: z.string() }).optional(),
  }),
);

function hostLines(name: string) {
  return readFileSync(`${FOLDER}/${name}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => LineSchema.parse(JSON.parse(line)))
    .filter(({ dir }) => dir === "host")
    .map(({ t_ms, line }) => ({ atMs: t_ms, ...MessageSchema.parse(JSON.parse(line)) }));
}

/** The recorded prompts are scripts or plain text, which is echoed. */
function scripted(host: () => Host): Execute {
  return (request, limits) => {
    const { ambient } = host();
    const remote = new Remote(ambient, request, limits);
    const script = /@script (.*)/.exec(request.message ?? "")?.[1];
    void play(
      ambient,
      remote,
      ScriptSchema.parse(script ? JSON.parse(script) : [{ text: `Echo: ${request.message}` }]),
    );
    return remote.generate();
  };
}

async function play(ambient: VirtualAmbient, remote: Remote, steps: z.output<typeof ScriptSchema>): Promise<void> {
  remote.name({ ...RUN, runId: ambient.uuid() });
  for (const { text, n, every_ms, hang, fail } of steps) {
    if (hang) return;
    if (fail) return void remote.end({ kind: "failed", error: { message: fail.message, code: fail.reason } });
    for (let i = 0; i < n; i += 1) {
      if (every_ms) await sleep(ambient, every_ms);
      if (text) remote.say(text);
    }
  }
  remote.end({ usage: { inputTokens: 1, outputTokens: remote.text.length } });
}

async function replay(
  name: string,
): Promise<{ host: Host; replies: Map<number, Reply>; asked: ReturnType<typeof hostLines> }> {
  const host: Host = new Host({ execute: scripted(() => host) });
  const asked = hostLines(name);
  const replies = new Map<number, Reply>();
  for (const { atMs, id, method, params } of asked) {
    await host.ambient.advance(Math.max(0, atMs - host.ambient.now()));
    const reply = host.call(method, params).then((answer) => {
      if (id !== undefined) replies.set(id, answer);
    });
    if (method === "extension/shutdown") await host.ambient.advance(1500);
    void reply;
    await host.ambient.settle();
  }
  await host.ambient.advance(3000);
  return { host, replies, asked };
}

const RESULT_SCHEMAS: Record<string, z.ZodType> = {
  "extension/initialize": InitializeResultSchema,
  "subagents/definitions": z.strictObject({ definitions: z.array(SubagentDefinitionSchema) }),
  "subagents/dispatch": DispatchAckSchema,
  "subagents/cancel": z.strictObject({}),
  "tasks/spec": z.strictObject({ spec: TaskSpecSchema }),
  "tasks/execute": ExecuteAckSchema,
  "tasks/cancel": z.strictObject({}),
  "tools/call": ToolResultSchema,
  "extension/shutdown": z.strictObject({}),
};

const sessions = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".jsonl") && !file.startsWith("real-"))
  .map((file) => file.replace(".jsonl", ""));

test("there are recordings", () => expect(sessions).toHaveLength(9));

describe.each(sessions)("recorded session %s", (name) => {
  test("every request is answered once, in a shape the host can read, and every run ends once", async () => {
    const { host, replies, asked } = await replay(name);
    for (const { id, method, params } of asked) {
      const reply = replies.get(id ?? -1);
      expect(reply, `${method} ${id}`).toBeDefined();
      const parsed = RESULT_SCHEMAS[method]?.safeParse(reply?.result);
      if (reply?.result) expect(parsed?.error?.issues ?? [], method).toEqual([]);
      const key = params.dispatchId ?? params.executionId;
      if (!reply?.result || !/dispatch$|execute$/.test(method) || name === "host-exits") continue;
      expect(Object.values(reply.result)).toEqual([key]);
      host.terminal(String(key));
    }
  });

  test("an acknowledgement comes before every event of its run", async () => {
    const { host, asked } = await replay(name);
    const acks = asked
      .filter(({ method }) => /dispatch$|execute$/.test(method))
      .map(({ params }) => params.dispatchId ?? params.executionId);
    const order = host.sent.map((one) =>
      "reply" in one ? (/dispatch$|execute$/.test(one.reply) ? acks.shift() : undefined) : undefined,
    );
    for (const [at, one] of host.sent.entries()) {
      if (!("params" in one)) continue;
      const acked = order.indexOf(one.params.dispatchId ?? one.params.executionId);
      expect(acked).toBeGreaterThanOrEqual(0);
      expect(acked).toBeLessThan(at);
    }
  });
});

const events = (host: Host, prompt: string, asked: ReturnType<typeof hostLines>): Json => {
  const found = asked.find(({ params }) => JSON.stringify(params).includes(prompt));
  return host.terminal(String(found?.params.dispatchId ?? found?.params.executionId));
};

test("control and non-ASCII characters are returned as they were sent", async () => {
  const { host, asked } = await replay("dispatch-requests");
  const prompt = asked
    .map(({ params }) => params.request)
    .map((request) => z.looseObject({ prompt: z.string() }).safeParse(request).data?.prompt ?? "")
    .find((text) => text.includes("nul:"));
  expect(prompt).toContain("\u2028");
  expect((events(host, "nul:", asked).result as Json).final_message).toBe(`Echo: ${prompt}`);
  expect((events(host, "the model refused", asked).result as Json).final_message).toBe(
    "The run failed: the model refused",
  );
});

test("a fully specified request runs its script, and sixteen at once each get their own answer", async () => {
  const { host, asked } = await replay("dispatch-requests");
  expect((events(host, "Ported. ", asked).result as Json).final_message).toBe("Ported. ".repeat(30));
  const swarm = await replay("swarm-16");
  for (let item = 1; item <= 16; item += 1) {
    expect((events(swarm.host, `"item ${item} `.replace('"', '\\"'), swarm.asked).result as Json).final_message).toBe(
      `item ${item} `.repeat(10),
    );
  }
});

test("the run is stopped in time, with its text, for the host's timer and for an abandoned dispatch", async () => {
  const timeout = await replay("dispatch-timeout");
  expect((events(timeout.host, "hang", timeout.asked).result as Json).exit_reason).toBe("timeout");
  const abandoned = await replay("dispatch-abandoned");
  expect(events(abandoned.host, "hang", abandoned.asked).result as Json).toMatchObject({
    exit_reason: "timeout",
    final_message: "The run timed out: its time limit passed\n\nWhat it had produced until then:\nwaiting",
  });
});

test("a task's output arrives whole, and a cancelled one says so", async () => {
  const { host, asked } = await replay("tasks");
  const ids = asked.filter(({ method }) => method === "tasks/execute").map(({ params }) => String(params.executionId));
  const stdout = (id = "") =>
    host
      .events(id)
      .filter(({ stream }) => stream === "stdout")
      .map(({ chunk }) => chunk)
      .join("");
  expect(stdout(ids[0])).toBe(`checking out\n${"testing ...\n".repeat(8)}41 tests pass ✓\n`);
  expect(ids.slice(0, 3).map((id) => (host.terminal(id).result as Json).exit_code)).toEqual([0, 130, 130]);
});
