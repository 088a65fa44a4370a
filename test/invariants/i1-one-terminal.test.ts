/** I1: exactly one terminal event or response per request, whatever fails and whenever it is cancelled. */
import { expect, test } from "vitest";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { CLEAN_EXIT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, request } from "../support/child-process/courier-host.ts";
import { isTerminal, RoderHost } from "../support/child-process/roder-host.ts";
import type { RpcHost } from "../support/child-process/rpc-host.ts";

const terminals = (host: RoderHost, id: string) => host.events(id).filter(isTerminal).length;
const dispatch = (id: string, prompt: string) => ({
  dispatcherId: "seren-cloud",
  dispatchId: id,
  parentThreadId: "t",
  parentTurnId: "u",
  request: { description: "d", prompt },
});
const task = (id: string, prompt: string) => ({
  executorId: "seren-cloud-run",
  executionId: id,
  taskId: "t",
  input: { prompt },
});

test("requests sent twice and cancelled at any moment end once each", async () => {
  const { env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const ids = Array.from({ length: 40 }, (_, index) => `one-${index}`);
  await Promise.all(
    ids.map(async (id, index) => {
      const prompt = script(
        { text: "words ", n: 5, every_ms: index % 7 },
        ...(index % 3 === 0 ? [{ fail: "no" }] : []),
      );
      const method = index % 2 === 0 ? "subagents/dispatch" : "tasks/execute";
      const params = index % 2 === 0 ? dispatch(id, prompt) : task(id, prompt);
      const replies = [host.ask(method, params), host.ask(method, params)];
      const cancel = () => (index % 2 === 0 ? host.cancelDispatch(id) : host.cancelTask(id));
      if (index % 4 < 2) replies.push(cancel(), cancel());
      for (const { error } of await Promise.all(replies)) expect(error).toBeUndefined();
      await host.terminal(id);
    }),
  );
  expect(await host.end()).toEqual(CLEAN_EXIT);
  for (const id of ids) expect(terminals(host, id), id).toBe(1);
});

test.each(["eof", "SIGTERM", "extension/shutdown"])(
  "what was acknowledged is ended once when the host goes away by %s",
  async (way) => {
    const { env } = await startCloud();
    const host = await RoderHost.initialized({ env });
    await host.ask("tasks/execute", task("followed", script({ text: "begun" }, { hang: true })));
    await host.event("followed", (event) => event.type === "output" && event.stream === "stdout");
    const acks = [
      host.ask("subagents/dispatch", dispatch("fresh", script({ hang: true }))),
      host.ask("tasks/execute", task("fresh-too", script({ hang: true }))),
    ];
    if (way === "SIGTERM") {
      await Promise.all(acks);
      host.child.process.kill("SIGTERM");
    } else if (way === "extension/shutdown") void host.ask(way).catch(() => undefined);
    const exit = await host.end();
    await Promise.all(acks);
    expect(exit).toEqual(CLEAN_EXIT);
    for (const id of ["followed", "fresh", "fresh-too"]) expect(terminals(host, id), id).toBe(1);
  },
);

test("a turn that is interrupted gets one reply", async () => {
  const { env, run } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const first = host.run(parcel("chat"), session, { kind: "chat", input: script({ hang: true }) });
  await run(0);
  host.child.send(request("shutdown"));
  // All ids are 1, so the order does not say which reply is whose; where the time for the end is up, the shutdown's is first.
  const replies = [await first, await host.heard()];
  expect(replies.filter(({ result }) => result?.kind === "ok")).toHaveLength(1);
  expect(replies.filter(({ error }) => /cancelled$/.test(error?.code ?? ""))).toHaveLength(1);
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(host.child.messages.filter(({ kind }) => kind !== "notification")).toHaveLength(3);
});

test.each(CHAT_KINDS)("%s: what is cancelled at any moment, twice, is answered once", async (kind) => {
  const { env, cloud } = await startCloud();
  const host = await startChatHost(kind, { env });
  const wait = (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms));
  await Promise.all(
    Array.from({ length: 24 }, async (_, index) => {
      const fails = index % 3 === 0 ? [{ fail: "no" }] : [];
      const chat = await host.start(script({ text: "words ", n: 5, every_ms: index % 7 }, ...fails));
      await wait(index % 5 === 0 ? 0 : index * 3);
      if (index % 4 < 2) await Promise.all([chat.cancel(), chat.cancel()]);
      expect((await chat.end).status).not.toBe("");
    }),
  );
  expect(await host.rpc.end()).toEqual(CLEAN_EXIT);
  expect(answeredOnce(host.rpc)).toBe(true);
  expect(cloud.stats().runsActive).toEqual([]);
});

function answeredOnce({ child }: RpcHost): boolean {
  const ids = child.messages.flatMap((one) => (one.kind === "result" || one.kind === "error" ? [one.id] : []));
  return new Set(ids).size === ids.length;
}

test.each(CHAT_KINDS)("%s: what is open when the host goes away is answered once", async (kind) => {
  for (const way of ["eof", "SIGTERM"]) {
    const { env, run } = await startCloud();
    const host = await startChatHost(kind, { env });
    const chats = await Promise.all([1, 2].map(() => host.start(script({ text: "begun" }, { hang: true }))));
    for (const { end } of chats) end.catch(() => undefined);
    await Promise.all([run(0), run(1)]);
    if (way === "SIGTERM") host.rpc.child.process.kill("SIGTERM");
    expect(await host.rpc.end(), way).toEqual(CLEAN_EXIT);
    // An MCP client that looks again finds nobody.
    const ends = await Promise.allSettled(chats.map(({ end }) => end));
    for (const end of ends) if (end.status === "fulfilled") expect(end.value.status, way).not.toBe("completed");
    expect(answeredOnce(host.rpc)).toBe(true);
  }
});
