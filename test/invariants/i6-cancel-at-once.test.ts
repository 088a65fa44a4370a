/** I6: cancel answers at once, works in every state, and is repeated until the remote run is terminal. */
import { describe, expect, test } from "vitest";
import type { LocalCloudOptions } from "../../src/local/index.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { CLEAN_EXIT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, startOperation } from "../support/child-process/deployment-host.ts";
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

const AGENT = { workload: { execution: { type: "llm", instructions: [{ kind: "skill", content: "Help." }] } } };
const hangs = (where: "deployments" | "deployment" | "list" | "delete") => ({
  faults: { rules: [{ kind: "hang" as const, where, times: 99 }] },
});
const STEPS: Record<string, Partial<LocalCloudOptions>> = {
  "while the deployments are looked up": hangs("deployments"),
  "while the create call is in flight": { faults: { rules: [{ kind: "late_reply", where: "deploy", ms: 1_500 }] } },
  "while it is built": { deployMs: 600_000 },
  "before what it replaces is looked at": hangs("deployment"),
  "while the runs of what it replaces are looked at": hangs("list"),
  "while what it replaces is deleted": hangs("delete"),
};

test.each(Object.entries(STEPS))(
  "dispatch up, interrupted %s, ends with a reply that says what is next",
  async (_, service) => {
    const { env, cloud } = await startCloud(service);
    const { deployMs: _slow, ...calm } = service;
    void calm;
    await cloud.withoutFaults().handle({
      method: "POST",
      path: "/publishers/seren-cloud/deploy",
      headers: { authorization: `Bearer ${env.SEREN_API_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "night-up-00000000",
        mode: "job",
        skill_slug: "night",
        workload: { execution: { type: "llm", bundle: { instructions: [{ kind: "skill", content: "Earlier." }] } } },
      }),
    });
    const handle = cloud.handle.bind(cloud);
    const paths: string[] = [];
    const silent = new Promise<void>((resolve) => {
      let last: NodeJS.Timeout | undefined;
      cloud.handle = (request, signal) => {
        paths.push(`${request.method} ${request.path}`);
        clearTimeout(last);
        last = setTimeout(resolve, 700);
        return handle(request, signal);
      };
    });
    const child = startOperation("upsert", { name: "night", spec: AGENT }, { env });
    await silent;
    expect(child.messages, paths.join()).toEqual([]);
    await child.signal("SIGINT");
    expect(child.messages).toHaveLength(1);
    const { error, result } = answerOf(child.messages[0]);
    expect(error?.code ?? result?.kind).toBe("cancelled");
    expect(error?.message).toContain("the next `dispatch up .` finishes what is left");
  },
);

describe.each(CHAT_KINDS)("%s is cancelled", (kind) => {
  test.each(Object.entries(PHASES))("%s", async (_, { service, prompt = ENDLESS, working, status }) => {
    const { env, cloud, run } = await startCloud(service);
    const host = await startChatHost(kind, { env });
    const chat = await host.start(prompt);
    const isStarted = working || status === "running" || status === "waiting_for_approval";
    const started = isStarted ? await run(0) : undefined;
    await Promise.all([chat.cancel(), chat.cancel(), chat.cancel()]);
    expect((await chat.end).status).toMatch(/cancel/);
    if (started) expect(await started.ended).toBe("cancelled");
    expect(await host.rpc.end()).toEqual(CLEAN_EXIT);
    expect(cloud.stats().runsActive).toEqual([]);
  });
});
