/** I5: a run that nothing waits for is cancelled, however its host exits, unless the user detached it. Kills: i5-no-orphan.campaign.ts. */
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
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
