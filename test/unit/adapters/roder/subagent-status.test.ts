import { expect, test } from "vitest";
import { Host, type Json } from "./harness.ts";
import { RUN } from "./remote.ts";

/** Statuses of `d1` with the time they were sent. */
function timed() {
  const statuses: [number, string, unknown][] = [];
  const host: Host = new Host({
    pipe: async (_, params) => {
      const event = params.event as Json;
      if (event.type === "status") statuses.push([host.ambient.now(), String(event.status), event.detail]);
    },
  });
  return { host, statuses };
}

test("C10: changes of state go at once, details at most once a second, the last one wins", async () => {
  const { host, statuses } = timed();
  await host.dispatch("d1");
  host.remote.push({ type: "status", phase: "resolving" }, { type: "status", phase: "deploying", detail: "building" });
  await host.ambient.advance(2000);
  host.remote.name().push({ type: "status", phase: "running", run: RUN });
  for (let i = 0; i < 25; i += 1) {
    host.remote.push({ type: "tool_call", id: `${i}`, name: `t${i}`, arguments: "{}" });
    await host.ambient.advance(100);
  }
  await host.ambient.advance(5000);
  expect(statuses).toEqual([
    [0, "starting", undefined],
    [1000, "starting", "building"],
    [2000, "queued", undefined],
    [2000, "running", undefined],
    [3000, "running", "tool t9"],
    [4000, "running", "tool t19"],
    [5000, "running", "tool t24"],
  ]);
});

test("C10: a state that alternates does not flood the host, and the last state is sent", async () => {
  const { host, statuses } = timed();
  await host.dispatch("d1");
  host.remote.name();
  for (let i = 0; i < 1000; i += 1) {
    host.remote.push({ type: "status", phase: i % 2 ? "running" : "reconnecting" });
    await host.ambient.advance(10);
  }
  await host.ambient.advance(2000);
  expect(statuses.length).toBeLessThan(26);
  expect(statuses.at(-1)?.[1]).toBe("running");
});

test("the status of a waiting run has the command that decides the approval", async () => {
  const { host, statuses } = timed();
  await host.dispatch("d1");
  host.remote
    .name()
    .push({ type: "approval_wait", approvals: [{ id: "a", tool: "send_mail", reason: "leaves the house" }] });
  await host.ambient.advance(2000);
  expect(statuses.at(-1)).toEqual([
    0,
    "waiting_for_approval",
    `a person has to approve: send_mail (leaves the house). A person decides with: seren-bridge approvals approve ${RUN.runId} (or reject)`,
  ]);
});

test("failed tools, artifacts and notices become detail; text and thinking do not", async () => {
  const { host, statuses } = timed();
  await host.dispatch("d1");
  host.remote.name().push({ type: "status", phase: "running" });
  await host.ambient.advance(5000);
  const details: unknown[] = [];
  for (const event of [
    { type: "tool_result", id: "1", name: "shell", content: "no", isError: true },
    { type: "tool_result", id: "2", name: "shell", content: "yes", isError: false },
    { type: "artifact", artifact: { id: "a", kind: "report" } },
    { type: "notice", level: "warning", message: "a\nb\u001b[31m\u2028c" },
    { type: "text", text: "x" },
    { type: "thinking", text: "y" },
    { type: "usage", usage: { inputTokens: 1, outputTokens: 1 } },
  ] as const) {
    statuses.length = 0;
    host.remote.push(event);
    await host.ambient.advance(1500);
    details.push(statuses.map(([, , detail]) => detail));
  }
  expect(details).toEqual([["tool shell failed"], [], ["artifact report"], ["a b [31m c"], [], [], []]);
});

test("no status follows the terminal event, and a slow host is sent one status at a time", async () => {
  const taken: (() => void)[] = [];
  const host = new Host({ pipe: () => new Promise((resolve) => void taken.push(resolve)) });
  await host.dispatch("d1");
  host.remote.name();
  for (let i = 0; i < 50; i += 1) {
    host.remote.push({ type: "status", phase: "running", detail: `${i}` });
    await host.ambient.advance(1000);
  }
  expect(host.events("d1")).toEqual([{ type: "status", status: "queued" }]);
  taken.shift()?.();
  await host.ambient.advance(0);
  expect(host.events("d1").slice(1)).toEqual([{ type: "status", status: "running", detail: "49" }]);
  host.remote.push({ type: "status", phase: "reconciling" }).end();
  await host.ambient.advance(0);
  for (const take of taken.splice(0)) take();
  await host.ambient.advance(10_000);
  expect(host.events("d1").map(({ type }) => type)).toEqual(["status", "status", "completed"]);
});

test("a tool that the service also names in its status is reported once", async () => {
  const host = new Host();
  await host.dispatch("d1");
  host.remote
    .name()
    .push({ type: "tool_call", id: "1", name: "grep", arguments: "{}" })
    .push({ type: "status", phase: "running", detail: "grep", run: RUN });
  await host.ambient.advance(10_000);
  expect(host.events("d1")).toEqual([
    { type: "status", status: "queued" },
    { type: "status", status: "running", detail: "tool grep" },
  ]);
});
