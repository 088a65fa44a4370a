/** Approvals through an ACP client: only its two offered answers decide; everything else leaves the run waiting. */
import { describe, expect, test } from "vitest";
import { AcpHost } from "../support/child-process/acp-host.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { decide } from "../support/child-process/decide.ts";

const ARGS = { env: "prod-77", note: "line one\nline two" };
const WAITS = script(
  { text: "I need to deploy. " },
  { approve: "deploy_prod", args: ARGS, reason: "ship it" },
  { text: "Deployed." },
);
const DONE = { result: { stopReason: "end_turn" } };

const waiting = async (server: Cloud, env: Record<string, string> = {}, prompt = WAITS) => {
  const { host, sessionId } = await AcpHost.inSession({ env: { ...server.env, ...env } });
  const id = host.sendPrompt(sessionId, prompt);
  return { host, sessionId, id };
};

test("the question has two answers for once and the whole arguments, about a call the client knows; allow approves", async () => {
  const server = await startCloud();
  const { host, sessionId, id } = await waiting(server);
  const { id: question, params } = await host.asked();
  expect(params).toMatchObject({
    sessionId,
    toolCall: { title: "deploy_prod", kind: "execute", status: "pending" },
    options: [
      { optionId: "allow", kind: "allow_once" },
      { optionId: "reject", kind: "reject_once" },
    ],
  });
  const shown = JSON.stringify(params.toolCall);
  for (const part of ["deploy_prod", "ship it", "prod-77", "line one"]) expect(shown).toContain(part);
  const { toolCallId } = params.toolCall as { toolCallId: string };
  const known = await host.update(sessionId, (update) => "toolCallId" in update && update.toolCallId === toolCallId);
  expect(known).toMatchObject({ sessionUpdate: "tool_call", title: "deploy_prod" });
  host.select(question, "allow");
  expect(await host.ended(id)).toMatchObject(DONE);
  expect(host.said(sessionId)).toBe("I need to deploy. Deployed.");
  expect(host.updates(sessionId)).toContainEqual({
    sessionUpdate: "tool_call_update",
    toolCallId,
    status: "completed",
  });
  expect(server.cloud.stats().runsStarted).toBe(1);
});

test("reject rejects", async () => {
  const server = await startCloud();
  const { host, sessionId, id } = await waiting(server);
  host.select((await host.asked()).id, "reject");
  const { error } = await host.ended(id);
  expect(error?.message).toContain("Not approved: deploy_prod");
  expect(host.said(sessionId)).toBe("I need to deploy. ");
  expect(host.questions).toHaveLength(1);
});

describe.each([
  ["a dismissed question", { outcome: { outcome: "cancelled" } }],
  ["an answer that was not offered", { outcome: { outcome: "selected", optionId: "allow_always" } }],
  ["the name of an answer", { outcome: { outcome: "selected", optionId: "Allow once" } }],
  ["a member of every object", { outcome: { outcome: "selected", optionId: "constructor" } }],
  ["no answer", { outcome: { outcome: "selected" } }],
  ["an answer without its frame", { outcome: "allow" }],
  ["no object", "allow"],
  ["nothing", null],
  ["an error", undefined],
])("%s", (_, answer) => {
  test("decides nothing, names the command once, and the turn goes on when somebody decides elsewhere", async () => {
    const server = await startCloud();
    const { host, sessionId, id } = await waiting(server);
    const { id: question } = await host.asked();
    if (answer === undefined) host.refuse(question, { code: -32601, message: "no such method" });
    else host.answer(question, answer);
    const { runId } = await server.run(0);
    await host.update(sessionId, () => host.thoughts(sessionId).includes("seren-bridge approvals approve"));
    expect(host.thoughts(sessionId)).toContain(`seren-bridge approvals approve ${runId} (or reject)`);
    expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], decisionsReceived: {} });
    // Late, and again: neither may be taken for a decision.
    host.select(question, "allow");
    host.select("s99", "allow");
    await decide(server, runId, "approve");
    expect(await host.ended(id)).toMatchObject(DONE);
    expect(host.said(sessionId)).toBe("I need to deploy. Deployed.");
    expect(host.questions).toHaveLength(1);
    expect(host.thoughts(sessionId).match(/approvals approve/g)).toHaveLength(1);
  });
});

test("a run that is decided elsewhere withdraws the question", async () => {
  const server = await startCloud();
  const { host, sessionId, id } = await waiting(server);
  const { id: question } = await host.asked();
  const { runId } = await server.run(0);
  await decide(server, runId, "approve");
  expect(await host.ended(id)).toMatchObject(DONE);
  const withdrawn = host.child.messages.filter((one) => "method" in one && one.method === "$/cancel_request");
  expect(withdrawn).toMatchObject([{ params: { requestId: question } }]);
  expect(host.thoughts(sessionId)).not.toContain("approvals approve");
});

test("several requests are one question, and are decided together", async () => {
  const server = await startCloud();
  const prompt = script({ approve: ["pay", "publish"], args: { amount: "9007199254740993" } }, { text: "Both." });
  const { host, sessionId, id } = await waiting(server, {}, prompt);
  const { id: question, params } = await host.asked();
  expect(params.toolCall).toMatchObject({ title: "2 requests: pay, publish" });
  expect(JSON.stringify(params.toolCall).match(/9007199254740993/g)).toHaveLength(2);
  host.select(question, "allow");
  expect(await host.ended(id)).toMatchObject(DONE);
  expect(host.said(sessionId)).toBe("Both.");
  expect(host.questions).toHaveLength(1);
});

test("what a client would not show is written as numbers, and markup of the request stays text", async () => {
  const server = await startCloud();
  const note = "```\n[harmless](https://evil.example) <!-- \u202e\u200b -->";
  const { host, id } = await waiting(server, {}, script({ approve: "send", args: { note } }, { text: "Sent." }));
  const { id: question, params } = await host.asked();
  const { content, rawInput } = params.toolCall as { content: { content: { text: string } }[]; rawInput?: unknown };
  const shown = content[0]?.content.text ?? "";
  expect(shown).toContain("\\u202e\\u200b");
  expect(shown).not.toMatch(/[\u202e\u200b]/);
  expect(shown).toMatch(/\n````\n[\s\S]*\n````$/);
  expect(rawInput).toBeUndefined();
  host.select(question, "allow");
  expect(await host.ended(id)).toMatchObject(DONE);
});

test("digits that a client would change and members that are there twice are shown in the text only", async () => {
  const server = await startCloud();
  const prompt = `@script [{"approve":"pay","args":{"amount":9007199254740993,"to":"a","to":"b"}},{"text":"Paid."}]`;
  const { host, id } = await waiting(server, {}, prompt);
  const { id: question, params } = await host.asked();
  const { content, rawInput } = params.toolCall as { content: { content: { text: string } }[]; rawInput?: unknown };
  for (const part of ["9007199254740993", '"to": "a"', '"to": "b"']) expect(content[0]?.content.text).toContain(part);
  expect(rawInput).toBeUndefined();
  host.select(question, "allow");
  expect(await host.ended(id)).toMatchObject(DONE);
});

test("a request too large to be judged in a card is not asked here, and the terminal is named", async () => {
  const server = await startCloud();
  const words = Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(" ");
  const { host, sessionId } = await waiting(server, {}, script({ approve: "send", args: { words } }));
  await host.update(sessionId, () => host.thoughts(sessionId).includes("seren-bridge approvals approve"));
  expect(host.questions).toEqual([]);
});

test("SEREN_BRIDGE_APPROVALS=terminal turns the questions off", async () => {
  const server = await startCloud();
  const { host, sessionId, id } = await waiting(server, { SEREN_BRIDGE_APPROVALS: "terminal" });
  await host.update(sessionId, () => host.thoughts(sessionId).includes("seren-bridge approvals approve"));
  await decide(server, (await server.run(0)).runId, "approve");
  expect(await host.ended(id)).toMatchObject(DONE);
  expect(host.questions).toEqual([]);
});

test.each(["session/cancel", "$/cancel_request", "session/close"])(
  "%s during a question withdraws it, and a late yes is no decision",
  async (way) => {
    const server = await startCloud();
    const { host, sessionId, id } = await waiting(server);
    const { id: question } = await host.asked();
    if (way === "session/close") host.send(way, { sessionId });
    else host.notify(way, way === "session/cancel" ? { sessionId } : { requestId: id });
    host.select(question, "allow");
    expect(await host.ended(id)).toMatchObject({ result: { stopReason: "cancelled" } });
    expect(await (await server.run(0)).ended).toBe("cancelled");
    const withdrawn = host.child.messages.filter((one) => "method" in one && one.method === "$/cancel_request");
    expect(withdrawn).toMatchObject([{ params: { requestId: question } }]);
    expect(server.cloud.stats().decisionsReceived).toEqual({});
  },
);

test("an answer to a question that was never asked is ignored", async () => {
  const server = await startCloud();
  const host = await AcpHost.initialized({ env: server.env });
  for (const id of ["s1", "s2", "x"]) host.select(id, "allow");
  host.child.send({ jsonrpc: "2.0", id: 1, result: { outcome: { outcome: "selected", optionId: "allow" } } });
  const sessionId = await host.session();
  const id = host.sendPrompt(sessionId, WAITS);
  const { id: question } = await host.asked();
  expect(server.cloud.stats().decisionsReceived).toEqual({});
  host.select(question, "allow");
  expect(await host.ended(id)).toMatchObject(DONE);
});
