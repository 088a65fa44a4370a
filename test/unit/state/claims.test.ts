import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Claims } from "../../../src/state/claims.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { Responsive } from "../../../src/support/responsive.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "claims-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const claims = (folder = join(root, "notices")) => new Claims(folder, realAmbient, new Responsive(root, realAmbient));

test("each name is claimed once, by one of all", async () => {
  const all = [claims(), claims(), claims()];
  for (const one of all) expect(await one.ready()).toBe(true);
  const name = `end-../${"x".repeat(5_000)}\u0000`;
  expect(all.map((one) => one.claim(name))).toEqual([true, false, false]);
  expect(all[1]?.claim("another")).toBe(true);
  expect(readdirSync(join(root, "notices")).every((file) => /^[0-9a-f]{40}$/.test(file))).toBe(true);
});

test("old claims are removed, young ones stay", async () => {
  const [one, other] = [claims(), claims()];
  await one.ready();
  one.claim("young");
  const old = join(root, "notices", "0".repeat(40));
  writeFileSync(old, "");
  utimesSync(old, 1, 1);
  await other.ready();
  while (readdirSync(join(root, "notices")).length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(other.claim("young")).toBe(false);
});

test("a folder that cannot be made is not ready, and what cannot be claimed is done all the same", async () => {
  writeFileSync(join(root, "file"), "");
  const one = claims(join(root, "file", "notices"));
  expect(await one.ready()).toBe(false);
  expect(one.claim("x")).toBe(true);
});
