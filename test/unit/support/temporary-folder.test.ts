/** What a killed process has left is removed by a later one, and nothing else is. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { realAmbient } from "../../../src/support/ambient.ts";
import { makeTemporaryFolder } from "../../../src/support/temporary-folder.ts";

test("only old folders of the same prefix go", async () => {
  const prefix = `seren-bridge-test-${realAmbient.uuid()}-`;
  const old = new Date(realAmbient.now() - 48 * 3_600_000);
  const made: string[] = [];
  const path = (name: string, isOld: boolean) => {
    const at = join(tmpdir(), name);
    made.push(at);
    mkdirSync(at);
    writeFileSync(join(at, "file"), "x");
    if (isOld) utimesSync(at, old, old);
    return at;
  };
  onTestFinished(() => {
    for (const one of made) rmSync(one, { recursive: true, force: true });
  });
  const abandoned = path(`${prefix}abandoned`, true);
  const recent = path(`${prefix}recent`, false);
  const other = path(`other-${prefix}`, true);
  const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
  made.push(elsewhere);
  utimesSync(elsewhere, old, old);
  const link = join(tmpdir(), `${prefix}link`);
  symlinkSync(elsewhere, link);
  made.push(link);
  const folder = await makeTemporaryFolder(prefix, realAmbient);
  made.push(folder);
  expect([abandoned, recent, other, elsewhere, folder].map((one) => existsSync(one))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});
