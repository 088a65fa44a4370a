/** I3: no text, tool or status event is lost, doubled or reordered; the final text equals the remote record's. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const WORDS = script(
  { text: "{i} über 🦊\n", n: 40, every_ms: 4 },
  { tool: "look", args: { at: 1 }, result: "seen" },
  { text: "no line end {i} ", n: 20 },
);
const TEXT = `${Array.from({ length: 40 }, (_, index) => `${index + 1} über 🦊\n`).join("")}${Array.from({ length: 20 }, (_, index) => `no line end ${index + 1} `).join("")}`;

const ROADS: Record<string, FaultRule[]> = {
  "cut after every few frames": [{ kind: "cut", where: "stream", frames: 7, times: 12 }],
  "cut in the middle of frames": [{ kind: "cut", where: "stream", chars: 733, times: 12 }],
  "ended as if nothing were wrong": [{ kind: "cut", where: "stream", frames: 9, clean: true, times: 8 }],
  "replayed from the beginning": [
    { kind: "cut", where: "stream", frames: 20, times: 5 },
    { kind: "replay", where: "stream", times: 20 },
  ],
  "doubled and without ids": [
    { kind: "duplicate", where: "stream", every: 2 },
    { kind: "empty_ids", where: "stream" },
  ],
  "with frames lost and spoilt": [
    { kind: "lose", where: "stream", every: 5, times: 2 },
    { kind: "garble", where: "stream", every: 7, times: 2 },
  ],
  "chopped into pieces": [{ kind: "chop", where: "stream", chars: 3 }],
  "of snapshots": [{ kind: "legacy", where: "stream" }],
  "that is refused": [{ kind: "status", where: "stream", status: 404, times: 1_000 }],
  "with a record that lags behind": [{ kind: "lag", where: "record", ms: 600, events_only: true }],
};

test.each(Object.entries(ROADS))("through a stream %s", async (_, rules) => {
  const { env } = await startCloud({ faults: { seed: 5, rules }, retryMs: 20 });
  const host = await RoderHost.initialized({ env });
  await host.execute("told", { prompt: WORDS });
  expect(await host.terminal("told")).toMatchObject({
    result: { exit_code: 0, payload: { status: "completed", text: TEXT } },
  });
  const streams = { stdout: "", log: "", stderr: "" };
  for (const event of host.events("told")) if (event.type === "output") streams[event.stream] += event.chunk;
  expect(streams.stderr).toBe("");
  expect(streams.stdout).toBe(`${TEXT}\n`);
  expect(streams.log.match(/^running: tool look$/gm)).toHaveLength(1);
});

test("deltas, message and history of a turn are the same text", async () => {
  const rules: FaultRule[] = [{ kind: "cut", where: "stream", frames: 7, times: 6 }];
  const { env } = await startCloud({ faults: { seed: 5, rules }, retryMs: 20 });
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: WORDS });
  expect(streamedOf(turn)).toBe(TEXT);
  expect(answerOf(turn)).toBe(TEXT);
  expect(turn.result?.kind === "done" && turn.result.session.history.at(-1)?.content).toBe(TEXT);
  expect(turn.events.filter(({ kind }) => kind === "tool_call_started")).toHaveLength(1);
});

describe.each(CHAT_KINDS)("%s", (kind) => {
  test.each(Object.entries(ROADS))("through a stream %s", async (_, rules) => {
    const { env } = await startCloud({ faults: { seed: 5, rules }, retryMs: 20 });
    const host = await startChatHost(kind, { env });
    const chat = await host.start(WORDS);
    expect(await chat.end).toEqual({ status: "completed", text: TEXT });
  });
});
