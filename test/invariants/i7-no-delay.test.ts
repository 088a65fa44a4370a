/** I7: one slow or noisy run never delays another run, a reply, or the reading of stdin. */
import { expect, test } from "vitest";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { isTerminal, RoderHost } from "../support/child-process/roder-host.ts";

const NOISY = script({ text: `${"noise ".repeat(300)}\n`, n: 5_000 }, { hang: true });

test("short runs and replies pass noisy runs", async () => {
  const { env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const noisy = ["n1", "n2", "n3"];
  for (const id of noisy) await host.execute(id, { prompt: NOISY });
  await Promise.all(noisy.map((id) => host.event(id, (event) => event.type === "output" && event.stream === "stdout")));
  for (let count = 0; count < 5; count += 1) {
    await host.execute(`short-${count}`, { prompt: script({ text: "short\n" }) });
    expect(await host.terminal(`short-${count}`)).toMatchObject({ result: { payload: { text: "short\n" } } });
    await host.result("tasks/spec", { executorId: "seren-cloud-run" });
  }
  for (const id of noisy) expect(host.events(id).some(isTerminal), `${id} goes on`).toBe(false);
  await Promise.all(noisy.map((id) => host.cancelTask(id)));
});

test("a run whose stream is stalled delays no other run", async () => {
  // Two states and the marker may come before the first text, when the stream is faster than the agent.
  const { env } = await startCloud({ faults: { rules: [{ kind: "stall", where: "stream", frames: 6, times: 1 }] } });
  const host = await RoderHost.initialized({ env });
  await host.execute("stalled", { prompt: script({ text: "one\n", n: 20, every_ms: 5 }) });
  await host.event("stalled", (event) => event.type === "output" && event.stream === "stdout");
  for (let count = 0; count < 5; count += 1) {
    await host.dispatch(`short-${count}`, { prompt: script({ text: "short" }) });
    expect(await host.terminal(`short-${count}`)).toMatchObject({ result: { final_message: "short" } });
  }
  expect(host.events("stalled").some(isTerminal)).toBe(false);
  await host.cancelTask("stalled");
  expect(await host.terminal("stalled")).toMatchObject({ type: "completed" });
});

test.each(CHAT_KINDS)("%s: short runs pass noisy ones", async (kind) => {
  const { env, run } = await startCloud();
  const host = await startChatHost(kind, { env });
  const noisy = await Promise.all([1, 2, 3].map(() => host.start(NOISY)));
  let ended = 0;
  const onEnd = () => {
    ended += 1;
  };
  for (const { end } of noisy) void end.then(onEnd, () => undefined); // the program may be gone before they have ended
  await Promise.all([run(0), run(1), run(2)]);
  for (let count = 0; count < 5; count += 1) {
    const short = await host.start(script({ text: "short\n" }));
    expect(await short.end).toEqual({ status: "completed", text: "short\n" });
  }
  expect(ended).toBe(0);
  await Promise.all(noisy.map((chat) => chat.cancel()));
});
