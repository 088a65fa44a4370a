import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Artifact, Outcome } from "../../../../src/core/index.ts";
import type { Fetch } from "../../../../src/core/run/artifact-content.ts";
import { saveArtifacts } from "../../../../src/core/run/artifact-files.ts";
import { orAborted } from "../../../../src/support/abort.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const RUN = "11111111-1111-4111-8111-111111111111";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "artifacts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const outcome = (...artifacts: Artifact[]): Outcome => ({
  kind: "completed",
  run: { runId: RUN, deploymentId: "22222222-2222-4222-8222-222222222222" },
  text: "",
  artifacts,
  approvals: [],
});
async function* fetch(address: string) {
  yield Buffer.from(`content of ${address}`);
}
const patiently = (how: Fetch) => ({ fetch: how, ambient: realAmbient, ...PATIENT });

test("an address is fetched, a payload is written, each under a plain name of its own", async () => {
  const saved = await saveArtifacts(
    outcome(
      { id: "a", kind: "report", title: "Report", uri: "https://files.example/x/report.pdf?sig=1" },
      { id: "b", kind: "report", title: "Report", uri: "https://files.example/y/report.pdf" },
      { id: "c", kind: "data", payload: { rows: 2 } },
      { id: "d", kind: "note", title: "ünïcode note.txt", payload: "text" },
    ),
    folder,
    patiently(fetch),
  );
  expect(saved.map((one) => ("path" in one ? one.path.slice(folder.length + 1) : one.problem))).toEqual([
    `${RUN}/Report.pdf`,
    `${RUN}/Report-2.pdf`,
    `${RUN}/c.json`,
    `${RUN}/ünïcode note.txt`,
  ]);
  expect(await readFile(join(folder, RUN, "c.json"), "utf8")).toBe('{"rows":2}\n');
});

test.each(["../../outside", "..", "a/b", "CON", "nul.txt", "a.", "C:x", "x\0y", " "])(
  "a run whose id is %j gets a folder in the one that was asked for",
  async (runId) => {
    const one = outcome({ id: "a", kind: "x", title: "t.txt", payload: "text" });
    const inside = join(folder, "asked for");
    const [saved] = await saveArtifacts({ ...one, run: { runId, deploymentId: "d" } }, inside, patiently(fetch));
    const [name = "", ...others] = await readdir(inside);
    expect(others).toEqual([]);
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect(saved).toMatchObject({ path: join(inside, name, "t.txt") });
  },
);

test.each(["../../etc/passwd", "/etc/passwd", "..", "a/b", "C:\\x", ".hidden", "x\0y", "  "])(
  "a title such as %j cannot leave the folder",
  async (title) => {
    const [one] = await saveArtifacts(
      outcome({ id: "a", kind: "x", title, payload: "text" }),
      folder,
      patiently(fetch),
    );
    const [name = ""] = await readdir(join(folder, RUN));
    expect(one).toMatchObject({ path: join(folder, RUN, name) });
    expect(name).not.toMatch(/^\.|[\\/\0]/);
  },
);

test("an artifact that cannot be fetched is returned with the reason, and the others are saved", async () => {
  const saved = await saveArtifacts(
    outcome(
      { id: "gone", kind: "x", uri: "https://files.example/gone" },
      { id: "forged", kind: "x", uri: "https://files.example/forged", sha256: "0".repeat(64) },
      { id: "empty", kind: "x" },
      { id: "good", kind: "x", payload: "text" },
    ),
    folder,
    patiently(async function* (address) {
      if (address.endsWith("gone")) throw new ExecutionFailure("unavailable", "its address answered HTTP 404");
      yield Buffer.from("other");
    }),
  );
  expect(saved.map((one) => ("problem" in one ? one.problem : "saved"))).toEqual([
    "its address answered HTTP 404",
    "its content does not match its hash",
    "it has neither an address nor content",
    "saved",
  ]);
});

test("addresses that never answer are given up together when the signal aborts, and nothing is left of them", async () => {
  const stop = new AbortController();
  let begun = 0;
  const saving = saveArtifacts(
    outcome(
      { id: "a", kind: "x", uri: "https://files.example/a" },
      { id: "b", kind: "x", uri: "https://files.example/b" },
      { id: "c", kind: "x", payload: "text" },
    ),
    folder,
    {
      ...patiently(async function* (_, { signal }) {
        yield Buffer.from("begun");
        begun += 1;
        if (begun === 2) stop.abort();
        await orAborted(new Promise(() => undefined), signal);
      }),
      signal: stop.signal,
    },
  );
  const saved = await saving;
  expect(saved.map((one) => ("problem" in one ? one.problem : "saved"))).toEqual([
    "there was no time left for it",
    "there was no time left for it",
    "saved",
  ]);
  expect(await readdir(join(folder, RUN))).toEqual(["c"]);
});

test("a turn without a limit waits ten minutes for all artifacts together", async () => {
  const ambient = new VirtualAmbient(1);
  const silent = Array.from({ length: 9 }, (_, id) => ({ id: `${id}`, kind: "x", uri: "https://files.example/x" }));
  const began = ambient.now();
  let asked = 0;
  const saving = saveArtifacts(outcome(...silent), folder, {
    ...PATIENT,
    ambient,
    async *fetch(_, { signal }) {
      asked += 1;
      yield Buffer.from("begun");
      await orAborted(new Promise(() => undefined), signal);
    },
  });
  // Folder and files are made in real time.
  while (asked === 0) await new Promise((resolve) => setImmediate(resolve));
  while (ambient.now() - began < 10 * 60_000) {
    await new Promise((resolve) => setImmediate(resolve));
    await ambient.advance(60_000);
  }
  expect((await saving).every((one) => "problem" in one)).toBe(true);
});

test("the limits hold for what is written, whatever its source", async () => {
  const mebibytes = (count: number) => "x".repeat(count * 1024 * 1024);
  const saved = await saveArtifacts(
    outcome(
      { id: "large", kind: "x", payload: mebibytes(65) },
      ...[1, 2, 3, 4].map((id) => ({ id: `p${id}`, kind: "x", payload: mebibytes(60) })),
      { id: "nested", kind: "x", payload: Array.from({ length: 50 }).reduce((inner) => [inner], [0]) },
      { id: "over", kind: "x", uri: "https://files.example/over" },
    ),
    folder,
    patiently(async function* () {
      for (let count = 0; count < 60; count += 1) yield Buffer.alloc(1024 * 1024);
    }),
  );
  expect(saved.map((one) => ("problem" in one ? one.problem : "saved"))).toEqual([
    "it is larger than 67108864 bytes",
    ...Array(5).fill("saved"),
    "the artifacts of this run have more than 268435456 bytes",
  ]);
  expect((await readFile(join(folder, RUN, "nested.json"))).byteLength).toBeLessThan(200);
});

test.each([
  ["CON", "artifact-CON"],
  ["aux.txt", "artifact-aux.txt"],
  ["nul.tar.gz", "artifact-nul.tar.gz"],
  ["com1", "artifact-com1"],
  ["Lpt9.log", "artifact-Lpt9.log"],
  ["com¹", "artifact-com¹"],
  ["con .txt", "artifact-con.txt"],
  ["console", "console"],
  ["a report. . ", "a report"],
  ["a report.txt. ", "a report.txt"],
])("a title such as %j makes a name that Windows takes: %j", async (title, name) => {
  const [saved] = await saveArtifacts(
    outcome({ id: "a", kind: "x", title, payload: "text" }),
    folder,
    patiently(fetch),
  );
  expect(saved && "path" in saved ? basename(saved.path) : saved).toBe(name);
});

test("a title of long characters makes a name that a file system takes", async () => {
  const [one] = await saveArtifacts(
    outcome({ id: "a", kind: "x", title: "漢".repeat(300), payload: "text" }),
    folder,
    patiently(fetch),
  );
  expect(one).toHaveProperty("path");
});
