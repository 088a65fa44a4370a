/**
 * I15: processes that cannot see each other leave each other's runs alone; those of one machine take turns where the service has no
 * idempotency.
 */

import { once } from "node:events";
import { cpSync } from "node:fs";
import { expect, test } from "vitest";
import { killUpserts } from "../chaos/kill-upserts.ts";
import { scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const ENDLESS = script({ text: "begun\n" }, { hang: true });

/** Longer than a process waits before it looks for what dead ones have left. */
const LASTS = script({ sleep_ms: 4_000 }, { text: "done" });

test("a run of another machine is left alone, also when the state folder is a copy and its owner was killed", async () => {
  const server = await startCloud();
  const [home, elsewhere] = [scratchFolder(), scratchFolder()];
  const { child } = startTerminal(server.env, ["run", ENDLESS], home);
  const { runId } = await server.run(0);
  // Sockets are not copied: whether their owner lives cannot be seen in the copy.
  cpSync(`${home}/state`, `${elsewhere}/state`, { recursive: true, filter: (path) => !path.endsWith("alive") });
  child.kill("SIGKILL");
  await once(child, "exit");

  expect((await startTerminal(server.env, ["run", LASTS], elsewhere).ended).code).toBe(0);
  expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });

  startTerminal(server.env, ["run", LASTS], home);
  expect(await (await server.run(0)).ended).toBe("cancelled");
});

test("a run of a process that lives is left alone by every other process of its machine", async () => {
  const server = await startCloud();
  const home = scratchFolder();
  const { child, ended } = startTerminal(server.env, ["run", ENDLESS], home);
  const { runId } = await server.run(0);
  const others = Array.from({ length: 3 }, () => startTerminal(server.env, ["run", LASTS], home).ended);
  expect((await Promise.all(others)).map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
});

test.each([["agents"], ["run", "hello"]])(
  "a killed run is cancelled by the next command, however short: %s",
  async (...next) => {
    const server = await startCloud();
    const home = scratchFolder();
    const { child } = startTerminal(server.env, ["run", ENDLESS], home);
    const { ended } = await server.run(0);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await startTerminal(server.env, next, home).ended).code).toBe(0);
    expect(await ended).toBe("cancelled");
  },
);

test("one deployment is made by processes that need it at once, although one of them is killed while it deploys", async () => {
  const server = await startCloud({
    deployMs: 400,
    faults: { rules: [{ kind: "lag", where: "deployments", ms: 1_000 }] },
  });
  const home = scratchFolder();
  const children = Array.from({ length: 5 }, () => startTerminal(server.env, ["run", "hello"], home));
  const [first, ...others] = children;
  while (server.cloud.stats().deploymentsCreated === 0) await new Promise((resolve) => void setTimeout(resolve, 5));
  first?.child.kill("SIGKILL");
  expect((await Promise.all(others.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(server.cloud.stats().deploymentsCreated).toBe(1);
});

test("what a killed dispatch up has left is finished by the next process of its machine", async () => {
  const base = { seed: 1, mode: "job" as const, hasEarlier: true, deployMs: 100, rules: [] };
  const kills = (["before", "after"] as const).flatMap((when) =>
    (["SIGTERM", "SIGKILL"] as const).map((signal) => ({ step: 4, when, signal })),
  );
  const plans = kills.map((kill) => ({ ...base, isCode: false, kills: [kill] }));
  const { killed, problems } = await killUpserts(plans);
  expect(problems).toEqual([]);
  expect(killed).toBe(plans.length);
});
