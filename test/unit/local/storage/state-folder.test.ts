import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StateFolder } from "../../../../src/local/index.ts";
import { scratchFolder } from "../../../support/child-process/child.ts";
import { Calls, DEPLOY } from "../../../support/in-process/local-calls.ts";

const INTERRUPTED = "the embedded service was stopped while this run was in progress";
const problems: string[] = [];
const open = (path: string, seed = 1) =>
  new Calls({ store: new StateFolder({ path, onProblem: (reason) => problems.push(reason) }) }, seed);

/** Contents of all files in the folder. */
const textOf = (path: string) =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");

/** The run as callers see it, with its times. */
const seen = async (calls: Calls, runId: string) => ({
  record: await calls.record(runId),
  state: (await calls.get(`/runs/${runId}/state`)).body.data,
  events: (await calls.get(`/runs/${runId}/events`)).body.data,
  artifacts: (await calls.get(`/runs/${runId}/artifacts`)).body.data,
});

test("a service that starts on the folder of an earlier one has its whole state", async () => {
  const path = join(scratchFolder(), "state");
  const before = open(path);
  const deployment = await before.deploy();
  const run = await before.start(
    deployment,
    [
      { text: "one\n" },
      { artifact: { id: "report", kind: "file", url: "https://files.example/report" } },
      { raw: { type: "custom", sequence_number: 99 } },
      { usage: { compute_usd: "0.25" } },
      { output: "the end" },
    ],
    { conversation_id: "c1" },
  );
  await before.ambient.advance(10);
  const shown = await seen(before, run);
  expect(shown.record).toMatchObject({ status: "completed", output: "the end", compute_cost_usd: "0.250000" });

  const after = open(path, 2);
  expect(await seen(after, run)).toEqual(shown);
  expect((await after.get("/deployments")).body).toEqual((await before.get("/deployments")).body);
  const next = await after.post(`/deployments/${deployment}/runs`, { message: "again", conversation_id: "c1" });
  await after.ambient.advance(10);
  expect((await after.record(next.body.data.run_id)).output).toContain("Earlier turns in this conversation: 1.");
  expect(problems).toEqual([]);
});

test.each([
  ["works", { hang: true }],
  ["waits for a person", { approve: "deploy" }],
])("a run that %s when the service stops has failed, with the reason", async (_, step) => {
  const path = scratchFolder();
  const before = open(path);
  const run = await before.start(await before.deploy(), [{ text: "so far" }, step]);
  await before.ambient.advance(10);
  const events = (await before.get(`/runs/${run}/events`)).body.data;

  for (const seed of [2, 3]) {
    const after = open(path, seed);
    expect(await after.record(run)).toMatchObject({
      status: "failed",
      status_message: INTERRUPTED,
      stop_reason: "interrupted",
      output: "so far",
    });
    const now = (await after.get(`/runs/${run}/events`)).body.data;
    expect(now.slice(0, events.length)).toEqual(events);
    expect(now.slice(events.length)).toMatchObject([
      { type: "error", code: "interrupted", message: INTERRUPTED },
      { type: "done", status: "error", reason: "interrupted" },
    ]);
    expect((await after.get("/pending_approvals")).body.data).toEqual([]);
  }
});

test("wherever the file of a run is cut, its complete lines are used and the run has ended", async () => {
  const path = scratchFolder();
  const before = open(path);
  const run = await before.start(await before.deploy(), [{ text: "é\n" }]);
  await before.ambient.advance(10);
  const events: unknown[] = (await before.get(`/runs/${run}/events`)).body.data;
  const file = join(path, "runs", `${run}.jsonl`);
  const whole = readFileSync(file);
  const headEnd = whole.indexOf("\n") + 1;
  for (let length = whole.length - 1; length >= 0; length -= 1) {
    writeFileSync(file, whole);
    truncateSync(file, length);
    const after = open(path, length);
    const { status, body } = await after.get(`/runs/${run}`);
    if (length < headEnd) {
      expect(status, `cut at ${length}`).toBe(404);
      continue;
    }
    expect(body.data.status, `cut at ${length}`).toBe("failed");
    const now: unknown[] = (await after.get(`/runs/${run}/events`)).body.data;
    const earlier = now.slice(0, -2);
    expect(earlier, `cut at ${length}`).toEqual(events.slice(0, earlier.length));
    // What this start has added is complete: the next start reads the same and adds nothing.
    const written = readFileSync(file, "utf8");
    expect((await open(path, 0).get(`/runs/${run}/events`)).body.data, `cut at ${length}`).toEqual(now);
    expect(readFileSync(file, "utf8"), `cut at ${length}`).toBe(written);
  }
});

test("no key, no secret value and no asset is stored, and only the owner can read the rest", async () => {
  const path = join(scratchFolder(), "state");
  const calls = open(path);
  const { workload } = DEPLOY;
  await calls.deploy({
    workload: {
      ...workload,
      secrets: { TRACKER_TOKEN: "hush-4711" },
      execution: {
        ...workload.execution,
        bundle: {
          instructions: [{ kind: "skill", content: "Be kind." }],
          assets: [{ path: "a.txt", content_base64: "YXNzZXQ=" }],
        },
      },
    },
  });
  const text = textOf(path);
  expect(text).toContain("Be kind.");
  for (const absent of ["hush-4711", "YXNzZXQ=", "seren_test"]) expect(text).not.toContain(absent);
  if (process.platform === "win32") return;
  for (const name of ["", ...readdirSync(path, { recursive: true, encoding: "utf8" })]) {
    expect(statSync(join(path, name)).mode & 0o077, name).toBe(0);
  }
});

test("a deleted deployment stays deleted, and its runs can still be read", async () => {
  const path = scratchFolder();
  const before = open(path);
  const deployment = await before.deploy();
  const run = await before.start(deployment, [{ text: "x" }]);
  const unused = await before.deploy({ name: "unused" });
  await before.ambient.advance(10);
  for (const id of [deployment, unused]) await before.send("DELETE", `/deployments/${id}`);
  const after = open(path, 2);
  expect((await after.get("/deployments")).body.data).toEqual([]);
  expect(await after.record(run)).toMatchObject({ status: "completed", output: "x" });
  expect(readdirSync(join(path, "deployments"))).toEqual([`${deployment}.json`]);
});

test("files that do not fit are not used and not changed", async () => {
  const path = scratchFolder();
  open(path);
  const id = "00000000-0000-4000-8000-000000000000";
  writeFileSync(join(path, "deployments", `${id}.json`), '{"v":2}');
  writeFileSync(join(path, "runs", `${id}.jsonl`), `{"v":1,"run":{"id":"${id}"}}\n`);
  writeFileSync(join(path, "runs", "notes.txt"), "mine");
  mkdirSync(join(path, "bundles", `${id}.json`));
  const calls = open(path);
  expect((await calls.get("/deployments")).body.data).toEqual([]);
  expect((await calls.get("/runs")).body.data).toEqual([]);
  expect(readFileSync(join(path, "runs", "notes.txt"), "utf8")).toBe("mine");
});

describe("a folder that cannot be used", () => {
  test("is refused when it cannot be created", () => {
    const file = join(scratchFolder(), "file");
    writeFileSync(file, "");
    expect(() => open(file)).toThrow(/^the state folder .* cannot be used: /);
  });

  test("is reported once when it can no longer be written; the service goes on", async () => {
    const path = scratchFolder();
    problems.length = 0;
    const calls = open(path);
    const deployment = await calls.deploy();
    const { rmSync } = await import("node:fs");
    rmSync(path, { recursive: true });
    for (const text of ["a", "b"]) {
      const run = await calls.start(deployment, [{ text }]);
      await calls.ambient.advance(10);
      expect(await calls.record(run)).toMatchObject({ status: "completed", output: text });
    }
    expect(problems).toEqual(["it does not exist; check the path"]);
    problems.length = 0;
  });
});

describe.skipIf(process.platform === "win32")("in a folder that others can write", () => {
  test("a link in the place of a folder is neither followed nor changed", () => {
    const [path, outside] = [join(scratchFolder(), "state"), join(scratchFolder(), "outside")];
    for (const folder of [path, outside]) mkdirSync(folder, { mode: 0o755 });
    symlinkSync(outside, join(path, "runs"));
    expect(() => open(path)).toThrow(`${join(path, "runs")} is not a folder; move it away`);
    expect(statSync(outside).mode & 0o777).toBe(0o755);
  });

  test("a pipe in the place of a file does not hang the start", () => {
    const path = join(scratchFolder(), "state");
    open(path);
    for (const name of [
      "deployments/11111111-1111-4111-8111-111111111111.json",
      "runs/11111111-1111-4111-8111-111111111111.jsonl",
    ]) {
      expect(spawnSync("mkfifo", [join(path, name)]).status).toBe(0);
    }
    open(path);
  });
});
