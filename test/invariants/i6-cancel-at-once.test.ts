/** I6: cancel answers at once, works in every state, and is repeated until the remote run is terminal. */
import { expect, test } from "vitest";
import type { LocalCloudOptions } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { isTerminal, RoderHost } from "../support/child-process/roder-host.ts";

const ENDLESS = script({ text: "begun\n" }, { hang: true });
type Phase = {
  service: Partial<LocalCloudOptions>;
  prompt?: string;
  status?: string;
  detail?: RegExp;
  working?: boolean;
};

const PHASES: Record<string, Phase> = {
  "before anything is sent": { service: {} },
  "while the deployments are looked up": {
    service: { faults: { rules: [{ kind: "late_reply", where: "deployments", ms: 1_500 }] } },
    status: "starting",
  },
  "while the target is deployed": { service: { deployMs: 60_000 }, status: "starting", detail: /building|pending/ },
  "while the create call is in flight": {
    service: { faults: { rules: [{ kind: "late_reply", where: "create_run", ms: 1_500 }] } },
    working: true,
  },
  "while the run is queued": { service: { startMs: 60_000 }, status: "queued" },
  "while it is working": { service: {}, status: "running" },
  "while it waits for a person": { service: {}, prompt: script({ approve: "deploy" }), status: "waiting_for_approval" },
  "while the service refuses to cancel": {
    service: { faults: { rules: [{ kind: "status", where: "cancel", status: 503, times: 3 }] } },
    status: "running",
  },
};

test.each(Object.entries(PHASES))("%s", async (_, { service, prompt = ENDLESS, status, detail = /.*/, working }) => {
  const { env, cloud, run } = await startCloud(service);
  const host = await RoderHost.initialized({ env });
  await host.dispatch("a", { prompt });
  if (working) await run(0);
  if (status) {
    await host.event(
      "a",
      (event) => event.type === "status" && event.status === status && detail.test(event.detail ?? ""),
    );
  }
  const began = performance.now();
  const replies = await Promise.all([host.cancelDispatch("a"), host.cancelDispatch("a"), host.cancelDispatch("a")]);
  const took = performance.now() - began;
  expect(replies).toEqual([{ result: {} }, { result: {} }, { result: {} }]);
  // Far below any wait for the service, far above a busy machine's hiccups.
  expect(took).toBeLessThan(1_200);
  const end = await host.terminal("a");
  expect(JSON.stringify(end)).toMatch(/cancel/);
  await host.end();
  expect(host.events("a").filter(isTerminal)).toHaveLength(1);
  expect(cloud.stats().runsActive).toEqual([]);
});

test("a run that completes while it is cancelled is reported as completed, with its answer", async () => {
  const { env, run } = await startCloud({ faults: { rules: [{ kind: "late_cancel", where: "cancel" }] } });
  const host = await RoderHost.initialized({ env });
  await host.dispatch("a", { prompt: script({ text: "the answer" }, { sleep_ms: 60_000 }) });
  await run(0);
  await host.event("a", (event) => event.type === "status" && event.status === "running");
  await host.cancelDispatch("a");
  expect(await host.terminal("a")).toMatchObject({
    type: "completed",
    result: { exit_reason: "completed", final_message: "the answer" },
  });
});
