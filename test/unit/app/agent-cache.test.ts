import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentCache } from "../../../src/app/agent-cache.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { silentLog } from "../../../src/support/log.ts";

const AGENT = { name: "seren-triage", description: "Sorts.", deploymentId: "d-1" };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agents-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const seen = (base = "https://one.example", look = async () => [AGENT]) =>
  AgentCache.open({ stateDir: join(folder, "state"), base, look, ambient: realAmbient, log: silentLog });

test("what one start sees, the next start knows", async () => {
  const first = await seen();
  expect(first.agents).toEqual([]);
  await first.refresh();
  expect(first.agents).toEqual([]); // Roder asks once: nothing changes under it
  expect((await seen()).agents).toEqual([AGENT]);
});

test("agents of another service are not offered", async () => {
  await (await seen()).refresh();
  expect((await seen("https://two.example")).agents).toEqual([]);
});

test("a look that fails leaves the last one standing", async () => {
  await (await seen()).refresh();
  await (await seen("https://one.example", () => Promise.reject(new Error("away")))).refresh();
  expect((await seen()).agents).toEqual([AGENT]);
});

test.each([
  "",
  "{",
  "[]",
  '{"v":2,"base":"https://one.example","agents":[]}',
  '{"v":1,"base":"https://one.example","agents":[{}]}',
])("a damaged file (%j) means no agents, not a failed start", async (text) => {
  await (await seen()).refresh();
  const path = join(folder, "state", "agents.json");
  expect(await readFile(path, "utf8")).toContain("seren-triage");
  await writeFile(path, text);
  expect((await seen()).agents).toEqual([]);
});
