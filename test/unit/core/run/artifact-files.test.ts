import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Artifact, Outcome } from "../../../../src/core/index.ts";
import { saveArtifacts } from "../../../../src/core/run/artifact-files.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

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
const fetch = async (address: string) => Buffer.from(`content of ${address}`);

test("an address is fetched, a payload is written, each under a plain name of its own", async () => {
  const saved = await saveArtifacts(
    outcome(
      { id: "a", kind: "report", title: "Report", uri: "https://files.example/x/report.pdf?sig=1" },
      { id: "b", kind: "report", title: "Report", uri: "https://files.example/y/report.pdf" },
      { id: "c", kind: "data", payload: { rows: 2 } },
      { id: "d", kind: "note", title: "ünïcode note.txt", payload: "text" },
    ),
    folder,
    fetch,
  );
  expect(saved.map((one) => ("path" in one ? one.path.slice(folder.length + 1) : one.problem))).toEqual([
    `${RUN}/Report.pdf`,
    `${RUN}/Report-2.pdf`,
    `${RUN}/c.json`,
    `${RUN}/ünïcode note.txt`,
  ]);
  expect(await readFile(join(folder, RUN, "c.json"), "utf8")).toBe('{\n  "rows": 2\n}\n');
});

test.each(["../../etc/passwd", "/etc/passwd", "..", "a/b", "C:\\x", ".hidden", "x\0y", "  "])(
  "a title such as %j cannot leave the folder",
  async (title) => {
    const [one] = await saveArtifacts(outcome({ id: "a", kind: "x", title, payload: "text" }), folder, fetch);
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
    async (address) => {
      if (address.endsWith("gone")) throw new ExecutionFailure("unavailable", "its address answered HTTP 404");
      return Buffer.from("other");
    },
  );
  expect(saved.map((one) => ("problem" in one ? one.problem : "saved"))).toEqual([
    "its address answered HTTP 404",
    "its content does not match its hash",
    "it has neither an address nor content",
    "saved",
  ]);
});
