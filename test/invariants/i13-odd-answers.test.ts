/** I13: only ids, statuses and text are required of the service, and what was answered with 2xx is never sent again. */
import { describe, expect, test } from "vitest";
import { type FaultRule, REQUIRED_MEMBERS } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const WORK = script({ text: "one " }, { tool: "search", args: { q: "x" }, result: "3 hits" }, { text: "two" });
const ENDLESS = script({ text: "begun\n" }, { hang: true });

/** A member of every answer, lists and frames included, is of another type: which one is drawn for each request. */
const odd = (seed: number) => {
  const rules: FaultRule[] = [{ kind: "odd", where: "any", spare: [...REQUIRED_MEMBERS, "output"] }];
  return startCloud({ faults: { seed, rules } });
};

describe.each([1, 2, 3])("every answer has an odd member (seed %i)", (seed) => {
  test("a run is started once and has its answer, and lists show it", async () => {
    const server = await odd(seed);
    const run = (...args: string[]) => startTerminal(server.env, args).ended;
    expect(await run("run", WORK)).toMatchObject({ code: 0, stdout: "one two\n" });
    const listed = await run("runs", "list", "--json");
    expect(listed.code).toBe(0);
    expect(listed.stdout).toContain((await server.run(0)).runId);
    expect(server.cloud.stats()).toMatchObject({ createsReceived: 1, deploymentsCreated: 1, cancelsReceived: 0 });
  });

  test("a turn of Dispatch has its answer", async () => {
    const server = await odd(seed);
    const host = new CourierHost({ env: server.env });
    const session = await host.open(parcel("chat"));
    expect(answerOf(await host.run(parcel("chat"), session, { kind: "chat", input: WORK }))).toBe("one two");
    expect(server.cloud.stats()).toMatchObject({ createsReceived: 1, deploymentsCreated: 1 });
  });

  test("a cancel is believed", async () => {
    const server = await odd(seed);
    const { child, ended } = startTerminal(server.env, ["run", ENDLESS]);
    const run = await server.run(0);
    child.kill("SIGINT");
    expect(await run.ended).toBe("cancelled");
    expect((await ended).code).toBe(130);
  });
});

test.each(["create_run", "deploy"] as const)("a 2xx to %s that cannot be read is not sent again", async (where) => {
  // The list does not show the result for longer than a call that was refused would be looked up.
  const list = where === "deploy" ? "deployments" : "list";
  const rules: FaultRule[] = [
    { kind: "lost_reply", where, answer: "cut" },
    { kind: "lag", where: list, ms: 9_000 },
  ];
  const server = await startCloud({ faults: { rules } });
  expect(await startTerminal(server.env, ["run", WORK]).ended).toMatchObject({ code: 0, stdout: "one two\n" });
  expect(server.cloud.stats()).toMatchObject({ createsReceived: 1, deploymentsCreated: 1, runsStarted: 1 });
});
