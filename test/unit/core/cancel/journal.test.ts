import { expect, test } from "vitest";
import { Journal, type JournalStore } from "../../../../src/core/cancel/journal.ts";
import { type SweepOptions, sweep } from "../../../../src/core/cancel/sweep.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import type { Log } from "../../../../src/support/log.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { aRun, lived } from "../harness.ts";

const REQUEST = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
const WHERE = { deploymentId: "1b6d0d0e-6a53-4d8e-9f0f-0a4a3d1c5b11" };

function harness(change: Partial<JournalStore> = {}, account = () => "account") {
  const done: string[] = [];
  const warnings: string[] = [];
  const store: JournalStore = {
    put: async (name, text) => void done.push(`put ${name} ${text}`),
    remove: async (name) => void done.push(`remove ${name}`),
    takeOrphans: () => Promise.resolve([]),
    list: () => Promise.resolve([]),
    ...change,
  };
  const log: Log = Object.assign(
    (level: string, message: string) => void (level === "warn" && warnings.push(message)),
    { with: () => log },
  );
  const ambient = new VirtualAmbient(1);
  return { done, warnings, ambient, journal: new Journal({ store, account, host: "dispatch", ambient, log }) };
}

test("the intent is written before the run's id, and neither contains the prompt", async () => {
  const { journal, done } = harness();
  const entry = journal.pendingEntry(REQUEST, { conversationId: "talk", message: "my secret plan" });
  await entry.note(WHERE);
  await entry.note({ ...WHERE, runId: "the-run" });
  await entry.forget();
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

test("a detached run is written only once it is to be cancelled after all", async () => {
  const { journal, done } = harness();
  const entry = journal.pendingEntry(REQUEST, { detach: true });
  await entry.note(WHERE);
  await entry.forget();
  expect(done).toEqual([]);
  await entry.note(WHERE);
  entry.keep();
  await entry.note({ ...WHERE, runId: "the-run" });
  await entry.forget();
  expect(done.map((what) => what.split(" ")[0])).toEqual(["put", "put", "remove"]);
});

test.each([
  ["goes on when the process that starts it is killed at any moment", [], 1, "completed"],
  // The stop has to be on disk before the kill, and the disk of the simulation takes up to 20 ms.
  ["is cancelled when it was stopped before its id was reported", [{ by: "host", ms: 15 }] as const, 36, "cancelled"],
])("a detached run %s", async (_, stops, from, status) => {
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

test("writes keep their order, and the removal waits for them", async () => {
  const releases: (() => void)[] = [];
  const order: string[] = [];
  const { journal } = harness({
    put: (_, text) =>
      new Promise<void>((resolve) => {
        releases.push(() => {
          order.push(text.includes("the-run") ? "id" : "intent");
          resolve();
        });
      }),
    remove: async () => void order.push("removed"),
  });
  const entry = journal.pendingEntry(REQUEST, {});
  const all = Promise.all([entry.note(WHERE), entry.note({ ...WHERE, runId: "the-run" }), entry.forget()]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(releases).toHaveLength(1);
  releases[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  releases[1]?.();
  await all;
  expect(order).toEqual(["intent", "id", "removed"]);
});

test("an entry is removed although a later write of it failed", async () => {
  let room = 1;
  const { journal, done, warnings } = harness({
    put: () => (room-- > 0 ? Promise.resolve() : Promise.reject(new Error("no space left on device"))),
  });
  const entry = journal.pendingEntry(REQUEST, {});
  await entry.note(WHERE);
  await entry.note({ ...WHERE, runId: "the-run" });
  await entry.leave();
  expect(done).toEqual([`remove ${REQUEST}`]);
  expect(warnings).toHaveLength(1);
});

test("what a write that was given up may still leave is removed", async () => {
  const { journal, done, warnings } = harness({ put: () => Promise.reject(new Error("does not reply")) });
  const entry = journal.pendingEntry(REQUEST, {});
  await entry.note(WHERE);
  await entry.forget();
  expect(done).toEqual([`remove ${REQUEST}`]);
  expect(warnings).toHaveLength(1);
});

test("a journal that cannot be written costs one warning and nothing else", async () => {
  const { journal, done, warnings } = harness({
    put: () => Promise.reject(new Error("read-only file system")),
    remove: () => Promise.resolve(),
  });
  const entry = journal.pendingEntry(REQUEST, {});
  await entry.note(WHERE);
  await entry.forget();
  expect(warnings).toEqual(["the journal could not be written; a crash now could leave a run behind"]);
  expect(done).toEqual([]);
});

test("entries that cannot be removed are removed later, and that is told once", async () => {
  let mended = false;
  const { journal, ambient, done, warnings } = harness({
    remove: async (name) => {
      if (!mended) throw new ExecutionFailure("invalid_input", "the folder cannot be written");
      done.push(`remove ${name}`);
    },
  });
  const ids = [REQUEST, REQUEST.replace("6", "7")];
  for (const id of ids) {
    const entry = journal.pendingEntry(id, {});
    await entry.note(WHERE);
    await entry.forget();
  }
  await ambient.advance(10 * 60_000);
  expect(warnings).toEqual(["a journal entry could not be removed; it is tried again"]);
  done.length = 0;
  mended = true;
  await ambient.advance(60_000);
  expect(done).toEqual(ids.map((id) => `remove ${id}`));
  await ambient.advance(60 * 60_000);
  expect(done).toHaveLength(2);
});

test("an entry that could not be removed is tried once more at the end", async () => {
  let tries = 0;
  const { journal, done } = harness({
    remove: async (name) => {
      tries += 1;
      if (tries === 1) throw new Error("EBUSY");
      done.push(`remove ${name}`);
    },
  });
  const entry = journal.pendingEntry(REQUEST, {});
  await entry.note(WHERE);
  await entry.forget();
  await journal.idle();
  expect(done.at(-1)).toBe(`remove ${REQUEST}`);
});

test("what was written under the same name since then is not removed", async () => {
  let tries = 0;
  const { journal, ambient, done } = harness({
    remove: () => {
      tries += 1;
      return Promise.reject(new Error("EBUSY"));
    },
  });
  const entry = journal.pendingEntry(REQUEST, {});
  await entry.note(WHERE);
  await entry.discard();
  await entry.note(WHERE);
  await ambient.advance(10 * 60_000);
  expect(tries).toBe(1);
  expect(done.map((what) => what.split(" ")[0])).toEqual(["put", "put"]);
});

test("without a key nothing is written and nothing fails", async () => {
  const { journal, done, warnings } = harness({}, () => {
    throw new Error("no API key");
  });
  await journal.pendingEntry(REQUEST, {}).note(WHERE);
  expect(done).toEqual([]);
  expect(warnings).toHaveLength(1);
});

test("only readable entries of this account are taken over", async () => {
  const entry = { v: 1, requestId: REQUEST, ...WHERE, account: "account", host: "roder", since: 1 };
  const texts = [
    JSON.stringify(entry),
    JSON.stringify({ ...entry, account: "another" }),
    JSON.stringify({ ...entry, v: 2 }),
    JSON.stringify({ ...entry, requestId: "../../x" }),
    JSON.stringify(entry).slice(0, 40),
    "",
  ];
  const { journal } = harness({
    takeOrphans: async (wanted) => texts.filter(wanted).map((text, index) => ({ name: `n${index}`, text })),
  });
  expect(await journal.orphans()).toEqual([entry]);
});

test.each([
  ["between the intent and the answer of the create call", 62],
  ["while the run is followed", 3_000],
])("a process that dies %s leaves no run behind", async (_, atMs) => {
  const run = aRun({ script: [{ text: "a" }, { hang: true }] });
  const { problems, truth } = await lived([run], [], { crash: { atMs, restartMs: 500 }, network: { latencyMs: 100 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["cancelled"]);
});

test("a detached run survives the death of the process and the sweep", async () => {
  const run = aRun({ script: [{ hang: true }], detach: true });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 5_000, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["running"]);
});

test("a run that was left waiting for a person survives them as well", async () => {
  const run = aRun({ script: [{ approve: "deploy" }], onApproval: "return" });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 5_000, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["awaiting_approval"]);
});

test("an intent is dropped when its deployment is gone", async () => {
  const run = aRun({ target: { kind: "workload", name: "alpha-1234abcd-00000000", known: "gone" } });
  const { problems, truth } = await lived([run], [], { crash: { atMs: 35, restartMs: 500 } });
  expect(problems).toEqual([]);
  expect(truth?.runs).toEqual([]);
});

test.each([
  ["no key", new ExecutionFailure("unauthorized", "no Seren API key"), "debug"],
  ["a folder that cannot be read", new Error("EACCES"), "warn"],
])("a sweep that meets %s logs it as it deserves", async (_, failure, level) => {
  const levels: string[] = [];
  const log: Log = Object.assign((at: string) => void levels.push(at), { with: () => log });
  const { journal } = harness({ takeOrphans: () => Promise.reject(failure) });
  const { client, canceller } = {} as Pick<SweepOptions, "client" | "canceller">;
  await sweep({ client, canceller, journal, log, signal: new AbortController().signal });
  expect(levels).toEqual([level]);
});
