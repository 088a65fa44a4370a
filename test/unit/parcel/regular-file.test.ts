import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRegular, readWhole } from "../../../src/parcel/regular-file.ts";
import { failureOf, scratch } from "./parcels.ts";

test("returns every byte in order, in bounded pieces", async () => {
  const path = join(await scratch(), "file");
  const content = Buffer.from(Array.from({ length: 700_000 }, (_, index) => index % 251));
  await writeFile(path, content);
  const pieces: Buffer[] = [];
  expect(await readRegular(path, "it", 700_000, (piece) => pieces.push(Buffer.from(piece)))).toBe(700_000);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(256 * 1024);
});

test("refuses by size before it reads", async () => {
  const path = join(await scratch(), "file");
  await writeFile(path, "");
  await truncate(path, 2 ** 40);
  let pieces = 0;
  const failure = await failureOf(() => readRegular(path, "it", 1024 * 1024, () => (pieces += 1)));
  expect(failure).toEqual({
    kind: "invalid_input",
    message: "it is larger than the 1048576 bytes it may have; look at what is in it",
  });
  expect(pieces).toBe(0);
});

test.skipIf(process.platform !== "linux")("stops at the limit when a file is longer than it claims", async () => {
  // Files of /proc have size 0 and content all the same, like a file that grows while it is read.
  expect(await failureOf(() => readWhole("/proc/self/status", "it", 10))).toEqual({
    kind: "invalid_input",
    message: "it is larger than the 10 bytes it may have; look at what is in it",
  });
});

test("names the file by its role and not by its local path", async () => {
  const dir = await scratch();
  expect(await failureOf(() => readWhole(join(dir, "no"), "the parcel's lock", 10))).toEqual({
    kind: "invalid_input",
    message: "the parcel's lock cannot be read: it does not exist; check the path",
  });
  expect(await failureOf(() => readWhole(join(dir, "x".repeat(400)), "it", 10))).toEqual({
    kind: "invalid_input",
    message: "it cannot be read: the path is too long; choose a shorter one",
  });
});
