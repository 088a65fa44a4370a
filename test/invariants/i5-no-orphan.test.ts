/** I5: a run that nothing waits for is cancelled, however its host exits, unless the user detached it. Kills: i5-no-orphan.campaign.ts. */
import { describe, expect, test } from "vitest";
import { killUpserts } from "../chaos/kill-upserts.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { deployedIn, operate, startOperation } from "../support/child-process/deployment-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const ENDLESS = script({ text: "begun\n" }, { hang: true });

test.each(["eof", "SIGTERM", "SIGINT", "EPIPE", "extension/shutdown"])("Roder exits by %s", async (way) => {
  const { env, cloud, run } = await startCloud({ paceMs: 0 });
  const host = await RoderHost.initialized({ env });
  await host.dispatch("a", { prompt: ENDLESS });
  await host.execute("b", { prompt: ENDLESS });
  const runs = [await run(0), await run(1)];
  if (way === "EPIPE") {
    host.child.closeStdout();
    await host.execute("c", { prompt: "never answered" }).catch(() => undefined);
  } else if (way === "extension/shutdown") await host.ask(way);
  else if (way === "eof") await host.end();
  else await host.child.signal(way as NodeJS.Signals);
  expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(["cancelled", "cancelled"]);
  await host.end();
  expect(cloud.stats().runsActive).toEqual([]);
});

test.each(["eof", "SIGTERM", "SIGINT"])("Dispatch exits by %s", async (way) => {
  const { env, run } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  void host.run(parcel("chat"), session, { kind: "chat", input: ENDLESS }).catch(() => undefined);
  const { ended } = await run(0);
  await (way === "eof" ? host.end() : host.child.signal(way as NodeJS.Signals));
  expect(await ended).toBe("cancelled");
});

test("a deadline cancels what it ends", async () => {
  const { env, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.execute("a", { prompt: ENDLESS, timeout_seconds: 1 });
  expect(await host.terminal("a")).toMatchObject({ result: { exit_code: 124 } });
  expect(await (await run(0)).ended).toBe("cancelled");
});

test("a detached run outlives its process", async () => {
  const { env, cloud } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.execute("a", { prompt: script({ hang: true }), wait: false });
  await host.terminal("a");
  await host.end();
  expect(cloud.stats().runsActive).toHaveLength(1);
});

const AGENT = { workload: { execution: { type: "llm", instructions: [{ kind: "skill", content: "Help." }] } } };

test("a deployment host ends its input behind the request: a build that takes long goes on, and is what is reported", async () => {
  const { env, cloud } = await startCloud({ deployMs: 3_000 });
  const { deployment_id, status } = deployedIn(await operate("upsert", { name: "night", spec: AGENT }, { env }));
  expect(status).toBe("running");
  expect(cloud.stats()).toMatchObject({ deploymentsCreated: 1, deploymentsDeleted: 0 });
  expect(deployedIn(await operate("get", { deployment_id }, { env })).status).toBe("running");
});

test.each(["EPIPE", "SIGTERM"])(
  "a deployment that is built when its host goes by %s is the next one's",
  async (way) => {
    const { env, cloud } = await startCloud({ deployMs: 2_000 });
    const options = { env: { ...env, SEREN_BRIDGE_STATE_DIR: scratchFolder() } };
    const child = startOperation("upsert", { name: "night", spec: AGENT }, options);
    if (way === "EPIPE") child.closeStdout();
    while (cloud.stats().deploymentsCreated === 0) await new Promise((resolve) => setImmediate(resolve));
    if (way === "SIGTERM") await child.signal(way);
    await child.exited;
    await operate("upsert", { name: "night", spec: AGENT }, options);
    expect(cloud.stats()).toMatchObject({ deploymentsCreated: 1, deploymentsDeleted: 0 });
  },
);

test("a bundle that was half uploaded when its process ended is uploaded whole by the next one", async () => {
  const plan = { seed: 1, mode: "job" as const, isCode: true, hasEarlier: false, deployMs: 0, rules: [] };
  const kills = (["SIGTERM", "SIGKILL"] as const).map((signal) => ({ step: 2, when: "head" as const, signal }));
  const { killed, problems } = await killUpserts(kills.map((kill) => ({ ...plan, kills: [kill] })));
  expect(problems).toEqual([]);
  expect(killed).toBe(2);
});

describe.each(CHAT_KINDS)("%s", (kind) => {
  test.each(["eof", "SIGTERM", "SIGINT", "EPIPE"])("the host goes by %s", async (way) => {
    const { env, cloud, run } = await startCloud({ paceMs: 0 });
    const host = await startChatHost(kind, { env });
    const chats = await Promise.all([1, 2].map(() => host.start(ENDLESS)));
    for (const { end } of chats) end.catch(() => undefined);
    const runs = [await run(0), await run(1)];
    if (way === "EPIPE") {
      host.rpc.child.closeStdout();
      host.rpc.send("no/such");
    } else if (way !== "eof") await host.rpc.child.signal(way as NodeJS.Signals);
    await host.rpc.end();
    expect(await Promise.all(runs.map(({ ended }) => ended))).toEqual(["cancelled", "cancelled"]);
    expect(cloud.stats().runsActive).toEqual([]);
  });
});
