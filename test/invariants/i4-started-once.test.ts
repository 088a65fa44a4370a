/** I4: a run is started at most once per request; after an ambiguous answer the run is looked up first. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const LOST: Record<string, FaultRule> = {
  "is dropped": { kind: "lost_reply", where: "create_run", answer: "drop", times: 3 },
  "is cut": { kind: "lost_reply", where: "create_run", answer: "cut", times: 3 },
  "is an error of the edge": { kind: "lost_reply", where: "create_run", answer: "html", times: 3 },
  "is 503 with a time to wait": {
    kind: "lost_reply",
    where: "create_run",
    answer: "unavailable",
    retry_after: 0,
    times: 3,
  },
};
const LAGGING: FaultRule = { kind: "lag", where: "list", ms: 1_500 };

test.each(Object.entries(LOST))("the answer %s, and lists lag behind", async (_, rule) => {
  const { env, cloud } = await startCloud({ faults: { rules: [rule, LAGGING] } });
  const host = await RoderHost.initialized({ env });
  const ids = ["a", "b", "c"];
  await Promise.all(ids.map((id) => host.execute(id, { prompt: script({ text: id }) })));
  for (const id of ids)
    expect(await host.terminal(id)).toMatchObject({ result: { payload: { status: "completed", text: id } } });
  expect(cloud.stats()).toMatchObject({ runsStarted: 3, createsReceived: 3, runsActive: [] });
});

test("a request sent again under its id starts nothing", async () => {
  const { env, cloud } = await startCloud();
  const host = await RoderHost.initialized({ env });
  for (let count = 0; count < 5; count += 1)
    expect(await host.execute("same", { prompt: script({ text: "once" }) })).toHaveProperty("result");
  await host.terminal("same");
  expect(await host.execute("same", { prompt: script({ text: "once" }) })).toHaveProperty("result");
  await host.end();
  expect(cloud.stats().runsStarted).toBe(1);
});

describe.each(CHAT_KINDS)("%s", (kind) => {
  test.each(Object.entries(LOST))("the answer %s, and lists lag behind", async (_, rule) => {
    const { env, cloud } = await startCloud({ faults: { rules: [rule, LAGGING] } });
    const host = await startChatHost(kind, { env });
    const chats = await Promise.all(["a", "b", "c"].map((text) => host.start(script({ text }))));
    const ends = await Promise.all(chats.map(({ end }) => end));
    expect(ends).toEqual(["a", "b", "c"].map((text) => ({ status: "completed", text })));
    expect(cloud.stats()).toMatchObject({ runsStarted: 3, createsReceived: 3, runsActive: [] });
  });
});
