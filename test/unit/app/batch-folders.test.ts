/** What becomes of results with which somebody meddles while the batch works. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BatchResult } from "../../../src/adapters/terminal/index.ts";
import { batchFolders } from "../../../src/app/terminal/batch/batch-folders.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { scratchFolder } from "../../support/child-process/child.ts";

const folders = batchFolders({ ambient: realAmbient, account: async () => "account" });
const plan = { timeoutMs: 1, onApproval: "wait" as const, rows: ["a", "b"].map((prompt) => ({ input: {}, prompt })) };
const ended = (row: number) => {
  const result: BatchResult = { index: row, input: {}, outcome: "completed", text: "x".repeat(row) };
  return { kind: "ended" as const, row, result };
};

test.each<[string, (out: string) => void]>([
  ["removed", (out) => rmSync(out)],
  ["moved", (out) => renameSync(out, `${out}.mine`)],
  [
    "replaced",
    (out) => {
      renameSync(out, `${out}.mine`);
      writeFileSync(out, readFileSync(`${out}.mine`));
    },
  ],
  ["emptied", (out) => writeFileSync(out, "")],
  ["added to", (out) => writeFileSync(out, "\n", { flag: "a" })],
])("%s: they are not lost, and --resume writes them anew", async (_, meddle) => {
  const out = join(scratchFolder(), "out.jsonl");
  const batch = await folders.create(out, plan);
  await batch.append(ended(0));
  meddle(out);
  await batch.append(ended(1));
  await expect(batch.finish()).rejects.toThrow("was moved, removed or changed while the batch worked");
  await batch.close();
  const again = await folders.open(out);
  expect(again.earlier).toHaveLength(2);
  await again.finish();
  await again.close();
  const lines = readFileSync(out, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).index)).toEqual([0, 1]);
  expect(existsSync(`${out}.batch`)).toBe(false);
});

test("left alone: the results are whole, and nothing else is left", async () => {
  const out = join(scratchFolder(), "out.jsonl");
  const batch = await folders.create(out, plan);
  for (const row of [1, 0]) await batch.append(ended(row));
  await batch.finish();
  await batch.close();
  expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(2);
  expect(existsSync(`${out}.batch`)).toBe(false);
});
