/** Cancelled turns of the ACP agent: each is answered with `cancelled`, at once, and nothing of it follows. */
import { describe, expect, test } from "vitest";
import { AcpHost, text } from "../support/child-process/acp-host.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";

const ENDLESS = script({ text: "begun\n" }, { tool: "grep", args: {}, ms: 60_000, result: "" });
const CANCELLED = { result: { stopReason: "cancelled" } };

const WAYS = {
  "session/cancel": (host: AcpHost, sessionId: string) => host.cancel(sessionId),
  "$/cancel_request": (host: AcpHost, _: string, id: number) => host.notify("$/cancel_request", { requestId: id }),
} as const;

describe.each(Object.entries(WAYS))("%s", (_, cancel) => {
  test("while the agent works: nothing comes after the answer, and the run is gone", async () => {
    const { env, run } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const id = host.sendPrompt(sessionId, ENDLESS);
    await host.heard(sessionId, "begun");
    await host.update(sessionId, ({ sessionUpdate }) => sessionUpdate === "tool_call");
    cancel(host, sessionId, id);
    expect(await host.ended(id)).toMatchObject(CANCELLED);
    expect(host.updates(sessionId).at(-1)).toMatchObject({ sessionUpdate: "tool_call_update", status: "failed" });
    expect(await (await run(0)).ended).toBe("cancelled");
    await host.session(); // gives what is late the time to come
    const later = host.child.messages.slice((await host.replyAt(id)) + 1);
    expect(later.filter(({ kind }) => kind === "notification")).toEqual([]);
    expect(await host.prompt(sessionId, "hello")).toMatchObject({ result: { stopReason: "end_turn" } });
  });

  test("in the same breath as the prompt", async () => {
    const { env, cloud } = await startCloud();
    const { host, sessionId } = await AcpHost.inSession({ env });
    const id = host.sendPrompt(sessionId, ENDLESS);
    cancel(host, sessionId, id);
    expect(await host.ended(id)).toMatchObject(CANCELLED);
    expect(host.updates(sessionId)).toEqual([]);
    await host.end();
    expect(cloud.stats().runsActive).toEqual([]);
  });

  test("while the deployment is made", async () => {
    const { env, cloud } = await startCloud({ faults: { rules: [{ kind: "delay", where: "deploy", ms: 3_000 }] } });
    const { host, sessionId } = await AcpHost.inSession({ env });
    const id = host.sendPrompt(sessionId, ENDLESS);
    await new Promise((resolve) => setTimeout(resolve, 700));
    cancel(host, sessionId, id);
    expect(await host.ended(id)).toMatchObject(CANCELLED);
    await host.end();
    expect(cloud.stats().runsActive).toEqual([]);
  });

  test("a service that does not answer the cancel is not waited for, and is asked further", async () => {
    const { env, cloud, run } = await startCloud({ faults: { rules: [{ kind: "hang", where: "cancel" }] } });
    const { host, sessionId } = await AcpHost.inSession({ env });
    const id = host.sendPrompt(sessionId, ENDLESS);
    await host.heard(sessionId, "begun");
    cancel(host, sessionId, id);
    expect(await host.ended(id)).toMatchObject(CANCELLED);
    const { ended, runId } = await run(0);
    expect(cloud.stats().runsActive).toEqual([runId]);
    await host.end();
    expect(await ended).toBe("cancelled");
  });
});

test("a cancel for an idle or an unknown session, or without its members, is ignored", async () => {
  const { env } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  host.cancel(sessionId);
  host.cancel(crypto.randomUUID());
  host.notify("session/cancel");
  host.notify("session/cancel", { sessionId: 5 });
  host.notify("$/cancel_request", { requestId: "s1" });
  host.notify("$/cancel_request");
  expect(await host.prompt(sessionId, "hello")).toMatchObject({ result: { stopReason: "end_turn" } });
});

test("a cancel ends its own turn only, and again is one cancel", async () => {
  const { env, run } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const other = await host.session();
  const ids = [host.sendPrompt(sessionId, ENDLESS), host.sendPrompt(other, ENDLESS)] as const;
  await Promise.all([host.heard(sessionId, "begun"), host.heard(other, "begun")]);
  for (let times = 0; times < 5; times += 1) host.cancel(sessionId);
  expect(await host.ended(ids[0])).toMatchObject(CANCELLED);
  expect(host.child.messages.some((one) => "id" in one && one.id === ids[1])).toBe(false);
  host.cancel(other);
  expect(await host.ended(ids[1])).toMatchObject(CANCELLED);
  expect(await Promise.all([0, 1].map(async (at) => (await run(at)).ended))).toEqual(["cancelled", "cancelled"]);
});

test("a run that is cancelled elsewhere ends its turn as cancelled", async () => {
  const { env, run } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const id = host.sendPrompt(sessionId, ENDLESS);
  const { runId } = await run(0);
  await host.heard(sessionId, "begun");
  const headers = { authorization: `Bearer ${env.SEREN_API_KEY}` };
  await fetch(`${env.SEREN_API_BASE}/publishers/seren-cloud/runs/${runId}/cancel`, { method: "POST", headers });
  expect(await host.ended(id)).toMatchObject(CANCELLED);
});

test("a prompt that is refused for its blocks does not disturb a turn", async () => {
  const { env } = await startCloud();
  const { host, sessionId } = await AcpHost.inSession({ env });
  const id = host.sendPrompt(sessionId, ENDLESS);
  await host.heard(sessionId, "begun");
  expect((await host.ask("session/prompt", { sessionId, prompt: [{ type: "image" }] })).error?.code).toBe(-32602);
  expect((await host.ask("session/prompt", { sessionId, prompt: text("more") })).error?.code).toBe(-32600);
  host.cancel(sessionId);
  expect(await host.ended(id)).toMatchObject(CANCELLED);
});
