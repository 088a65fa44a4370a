/** Every way a host goes away while work is under way: nothing stays behind, and the program ends by itself. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { Child, CLEAN_EXIT } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, replyOf, request } from "../support/child-process/courier-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

/** Says something every 20 ms for a minute. */
const CHATTY = script({ text: "still here\n", n: 3000, every_ms: 20 });
const QUIET = script({ text: "on it\n" }, { hang: true });

/** A module that signals its own process right after it has begun to listen for SIGTERM. */
const EARLY_SIGNAL = `data:text/javascript,${encodeURIComponent(`
  const { on } = process;
  process.on = function (name, ...rest) {
    on.call(this, name, ...rest);
    if (name === "SIGTERM") process.kill(process.pid, "SIGTERM");
    return this;
  };
`)}`;

type Going = [name: string, go: (child: Child) => unknown];
const GOINGS: Going[] = [
  ["stdin closes", (child) => child.process.stdin?.end()],
  ["SIGTERM", (child) => child.process.kill("SIGTERM")],
  [
    "Ctrl-C, impatiently: SIGINT and the end of stdin",
    (child) => {
      for (let count = 0; count < 3; count += 1) child.process.kill("SIGINT");
      child.process.stdin?.end();
    },
  ],
  ["nobody reads stdout any more", (child) => child.closeStdout()],
  [
    "the host is killed: all pipes close",
    (child) => {
      child.closeStdout();
      child.process.stderr?.destroy();
      child.process.stdin?.end();
    },
  ],
];

/** A child with a run under way that keeps talking. */
async function courierAtWork({ env, run }: Cloud, input = CHATTY) {
  const { child, open } = withOpen(new CourierHost({ env }));
  const session = await open();
  child.send(request("run", { parcel_dir: parcel("chat"), session, operation: { kind: "chat", input } }));
  const seen = await run(0);
  await child.find(({ kind }) => kind === "notification");
  return { child, seen: [seen] };
}

function withOpen(host: CourierHost) {
  return { child: host.child, open: () => host.open(parcel("chat")) };
}

async function roderAtWork({ env, run }: Cloud) {
  const host = await RoderHost.initialized({ env });
  await host.execute("e", { prompt: CHATTY });
  await host.dispatch("d", { prompt: QUIET });
  const seen = [await run(0), await run(1)];
  await host.event("e", ({ type }) => type === "output");
  return { child: host.child, seen };
}

describe.each([
  ["courier", courierAtWork],
  ["roder", roderAtWork],
])("%s at work", (_, atWork) => {
  test.each(GOINGS)("%s: what runs is cancelled, and the program ends", async (_, go) => {
    const server = await startCloud();
    const { child, seen } = await atWork(server);
    go(child);
    const somebodyListens = child.process.stdout?.destroyed === false;
    expect(await child.exited).toEqual(CLEAN_EXIT);
    for (const { ended } of seen) expect(await ended).toBe("cancelled");
    expect(server.cloud.stats()).toMatchObject({ runsStarted: seen.length, runsActive: [] });
    expect(child.stderr).toBe("");
    const last = child.messages.at(-1);
    if (child.mode === "courier" && somebodyListens) {
      expect(last && replyOf(last).error, "its turn is answered").toMatchObject({ code: "run_cancelled" });
    }
  });
});

describe("a service that makes it hard", () => {
  const FAULTS: [name: string, rules: FaultRule[]][] = [
    ["loses cancels", [{ kind: "status", where: "cancel", status: 503, times: 2 }]],
    ["drops the connection of a cancel", [{ kind: "drop", where: "cancel" }]],
    ["takes its time with a cancel", [{ kind: "slow_cancel", where: "cancel", ms: 300 }]],
    ["lets the run complete first", [{ kind: "late_cancel", where: "cancel" }]],
  ];
  test.each(FAULTS)("%s: the run still ends before the program does", async (_, rules) => {
    const server = await startCloud({ faults: { rules } });
    const { child, seen } = await courierAtWork(server, QUIET);
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(await seen[0]?.ended).toMatch(/^(cancelled|completed)$/);
    expect(server.cloud.stats().runsActive).toEqual([]);
  });

  test("the host goes while the run is being created: it is cancelled as soon as it has a name", async () => {
    const server = await startCloud({ faults: { rules: [{ kind: "late_reply", where: "create_run", ms: 400 }] } });
    const { child, open } = withOpen(new CourierHost({ env: server.env }));
    const session = await open();
    const operation = { kind: "chat", input: QUIET };
    child.send(request("run", { parcel_dir: parcel("chat"), session, operation }));
    const { ended } = await server.run(0);
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(await ended).toBe("cancelled");
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
  });

  test("the host goes before the run was asked for: it never is", async () => {
    const server = await startCloud({ faults: { rules: [{ kind: "delay", where: "deployments", ms: 300 }] } });
    const host = await RoderHost.initialized({ env: server.env });
    await host.dispatch("d", { prompt: QUIET });
    await host.event("d", ({ type }) => type === "status");
    expect(await host.end()).toEqual(CLEAN_EXIT);
    expect(server.cloud.stats()).toMatchObject({ createsReceived: 0, runsStarted: 0 });
  });
});

test.each(["courier", "deployment", "roder", "mcp", "acp"] as const)(
  "%s ends after a signal that comes as soon as it listens for signals, before it serves",
  async (mode) => {
    const { env } = await startCloud();
    const child = new Child(mode, { env: { ...env, NODE_OPTIONS: `--import=${EARLY_SIGNAL}` } });
    expect(await child.exited).toEqual(CLEAN_EXIT);
  },
);

describe.each(["courier", "roder"] as const)("%s with nothing to do", (mode) => {
  const first = mode === "courier" ? "courier.capabilities" : "extension/initialize";

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it well", async (signal) => {
    const child = new Child(mode);
    child.send({ jsonrpc: "2.0", id: 1, method: first, params: {} });
    await child.message(0); // it listens by now
    expect(await child.signal(signal)).toEqual(CLEAN_EXIT);
  });

  test("a torn last line is refused and ends nothing early", async () => {
    const child = new Child(mode);
    child.process.stdin?.end(`{"jsonrpc":"2.0","id":1,"method":"${first}"`);
    expect(await child.exited).toEqual(CLEAN_EXIT);
    expect(child.messages).toMatchObject([{ kind: "error", id: null, error: { code: -32700 } }]);
  });

  test("an unread stderr does not stop the program", async () => {
    const child = new Child(mode, { env: { SEREN_API_BASE: "nonsense", SEREN_BRIDGE_LOG: "debug" } });
    child.process.stderr?.destroy();
    child.send({ jsonrpc: "2.0", id: 1, method: first, params: {} });
    await child.message(0);
    child.send({ jsonrpc: "2.0", id: 2, method: first, params: {} });
    expect(await child.message(1)).toMatchObject({ id: 2 });
    expect(await child.end()).toEqual(CLEAN_EXIT);
  });
});
