import { expect, test } from "vitest";
import { Journal, type JournalStore } from "../../../../src/core/cancel/journal.ts";
import type { Log } from "../../../../src/support/log.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { aRun, lived } from "../harness.ts";

const REQUEST = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
const WHERE = { deploymentId: "1b6d0d0e-6a53-4d8e-9f0f-0a4a3d1c5b11" };

function rig(change: Partial<JournalStore> = {}, account = () => "account") {
  const done: string[] = [];
  const warnings: string[] = [];
  const store: JournalStore = {
    put: async (name, text) => void done.push(`put ${name} ${text}`),
    remove: async (name) => void done.push(`remove ${name}`),
    takeOrphans: () => Promise.resolve([]),
    list: () => Promise.resolve([]),
    ...change,
  };
  const log: Log = Object.assign((_: string, message: string) => void warnings.push(message), { with: () => log });
  const ambient = new VirtualAmbient(1);
  return { done, warnings, journal: new Journal({ store, account, host: "dispatch", ambient, log }) };
}

test("the intent comes before the run's id, and neither says what the prompt was", async () => {
  const { journal, done } = rig();
  const line = journal.pendingEntry(REQUEST, { conversationId: "talk", message: "my secret plan" });
  await line.note(WHERE);
  await line.note({ ...WHERE, runId: "the-run" });
  await line.remove();
  const entries = done.slice(0, 2).map((line) => JSON.parse(line.slice(line.indexOf("{"))));
  const known = { v: 1, account: "account", host: "dispatch", since: 1_767_225_600_000, requestId: REQUEST };
  expect(entries[0]).toEqual({
    ...known,
    ...WHERE,
    conversationId: "talk",
    messageDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(entries[1]).toMatchObject({ runId: "the-run" });
  expect(done[2]).toBe(`remove ${REQUEST}`);
  expect(done.join()).not.toContain("secret plan");
});

test("a run that is to go on by itself is noted only once somebody claims it", async () => {
  const { journal, done } = rig();
  const line = journal.pendingEntry(REQUEST, { detach: true });
  await line.note(WHERE);
  await line.remove();
  expect(done).toEqual([]);
  await line.note(WHERE);
  line.keep();
  await line.note({ ...WHERE, runId: "the-run" });
  await line.remove();
  expect(done.map((what) => what.split(" ")[0])).toEqual(["put", "put", "remove"]);
});

test.each([
  ["goes on, whatever kills the process that starts it", [], 1, "completed"],
  // The stop has to be on disk before the kill, and the disk of the simulation takes up to 20 ms.
  ["is cancelled when it was stopped before its name was told", [{ by: "host", ms: 15 }] as const, 36, "cancelled"],
])("a run that is to go on by itself %s", async (_, stops, from, status) => {
  const ends = new Set<string>();
  for (let atMs = from; atMs < 60; atMs += 1) {
    const run = aRun({ detach: true, script: [{ sleep_ms: 5_000 }], stops: [...stops] });
    const slow = { kind: "late_reply", where: "create_run", ms: 30 } as const;
    const { problems, truth } = await lived([run], [slow], { crash: { atMs, restartMs: 1_000 } });
    expect(problems).toEqual([]);
    for (const one of truth?.runs ?? []) ends.add(one.status);
  }
  expect([...ends]).toEqual([status]);
});

test("writes keep their order, and settling waits for them", async () => {
  const releases: (() => void)[] = [];
  const order: string[] = [];
  const { journal } = rig({
    put: (_, text) =>
      new Promise<void>((resolve) => {
        releases.push(() => {
          order.push(text.includes("the-run") ? "id" : "intent");
          resolve();
        });
      }),
    remove: async () => void order.push("removed"),
  });
  const line = journal.pendingEntry(REQUEST, {});
  const all = Promise.all([line.note(WHERE), line.note({ ...WHERE, runId: "the-run" }), line.remove()]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(releases).toHaveLength(1);
  releases[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  releases[1]?.();
  await all;
  expect(order).toEqual(["intent", "id", "removed"]);
});

test("a journal that cannot be written costs one warning and nothing else", async () => {
  const { journal, done, warnings } = rig({ put: () => Promise.reject(new Error("read-only file system")) });
  const line = journal.pendingEntry(REQUEST, {});
  await line.note(WHERE);
  await line.remove();
  expect(warnings).toEqual(["the journal could not be written; a crash now could leave a run behind"]);
  expect(done).toEqual([]);
});

test("without a key nothing is written, and nothing breaks", async () => {
  const { journal, done, warnings } = rig({}, () => {
    throw new Error("no API key");
  });
  await journal.pendingEntry(REQUEST, {}).note(WHERE);
  expect(done).toEqual([]);
  expect(warnings).toHaveLength(1);
});

test("only entries of this account are taken over; what cannot be read is not ours", async () => {
  const entry = { v: 1, requestId: REQUEST, ...WHERE, account: "account", host: "roder", since: 1 };
  const texts = [
    JSON.stringify(entry),
    JSON.stringify({ ...entry, account: "another" }),
    JSON.stringify({ ...entry, v: 2 }),
    JSON.stringify({ ...entry, requestId: "../../x" }),
    JSON.stringify(entry).slice(0, 40),
    "",
  ];
  const { journal } = rig({
    takeOrphans: async (wanted) => texts.filter(wanted).map((text, index) => ({ name: `n${index}`, text })),
  });
  expect(await journal.orphans()).toEqual([entry]);
});

test.each([
  ["between the intent and the answer of the create call", 62],
  ["while the run is followed", 3_000],
])("a process that dies %s leaves no run going", async (_, atMs) => {
  const run = aRun({ script: [{ text: "a" }, { hang: true }] });
  const { problems, truth } = await lived([run], [], { crash: { atMs, restartMs: 500 }, road: { latencyMs: 100 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["cancelled"]);
});

test("a run that was told to go on by itself survives the death of the process and the sweep", async () => {
  const run = aRun({ script: [{ hang: true }], detach: true });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 5_000, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["running"]);
});

test("so does one that was left waiting for a person", async () => {
  const run = aRun({ script: [{ approve: "deploy" }], onApproval: "return" });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 5_000, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["awaiting_approval"]);
});

test("an intent whose deployment is gone is forgotten", async () => {
  const run = aRun({ target: { kind: "workload", name: "alpha-1234abcd-00000000", known: "gone" } });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 35, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs).toEqual([]);
});
