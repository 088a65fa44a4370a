import { mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { loadParcel } from "../../../src/parcel/load.ts";
import { copyOf, failureOf, PARCELS, parcelDir, scratch } from "./parcels.ts";

test.each(PARCELS)("%s loads from its folder and from its manifest file", async (name) => {
  const byFolder = await loadParcel(parcelDir(name));
  expect(byFolder.root).toBe(parcelDir(name));
  expect(await loadParcel(join(parcelDir(name), "manifest.json"))).toEqual(byFolder);
});

test("a relative path and a linked folder are resolved to the real folder", async () => {
  const dir = await scratch();
  await symlink(parcelDir("chat"), join(dir, "current"));
  expect((await loadParcel(join(dir, "current"))).root).toBe(parcelDir("chat"));
  expect((await loadParcel(relative(process.cwd(), parcelDir("chat")))).root).toBe(parcelDir("chat"));
});

describe("refused with the name of the file", () => {
  const invalid = (message: string | RegExp) => ({ kind: "invalid_input", message: expect.stringMatching(message) });

  test("a path that does not exist", async () => {
    const dir = await scratch();
    expect(await failureOf(() => loadParcel(join(dir, "no")))).toEqual(
      invalid(/no" cannot be read: it does not exist; check the path$/),
    );
    expect(await failureOf(() => loadParcel(""))).toEqual(invalid(/empty/));
    expect(await failureOf(() => loadParcel("a\0b"))).toEqual(invalid(/NUL/));
  });

  test("a folder without a manifest", async () => {
    expect(await failureOf(async () => loadParcel(await scratch()))).toEqual(
      invalid(/is not a built parcel: it has no manifest\.json\. Run `dispatch parcel build`/),
    );
  });

  test.each([
    ["cut off", (text: string) => text.slice(0, text.length / 2), /not valid JSON; it may have been cut off/],
    ["empty", () => "", /not valid JSON/],
    ["with a byte order mark", (text: string) => `\uFEFF${text}`, /not valid JSON/],
    ["not an object", () => "[1]", /its \$schema is not https/],
    ["of another schema", (text: string) => text.replace("parcel.v1", "parcel.v2"), /its \$schema is not https/],
    [
      "of another version",
      (text: string) => text.replace('_version": 1', '_version": 2'),
      /has format version 2; .* reads version 1/,
    ],
    [
      "of a version in words",
      (text: string) => text.replace('_version": 1', '_version": "1"'),
      /not a Dispatch parcel manifest/,
    ],
    ["without a member", (text: string) => text.replace('"labels": {', '"lables": {'), /labels: Invalid input/],
    [
      "with an unknown member",
      (text: string) => text.replace('"env"', '"extra": 1, "env"'),
      /Unrecognized key: "extra"/,
    ],
    [
      "with an unknown member further in",
      (text: string) => text.replace('"overlap": 32', '"overlap": 32, "x": 1'),
      /compaction: Unrecognized key: "x"/,
    ],
    [
      "with a wrong type",
      (text: string) => text.replace('"size_bytes": 39', '"size_bytes": -1'),
      /files\.0\.size_bytes/,
    ],
    [
      "with a digest of another form",
      (text: string) => text.replace('"digest": "7', '"digest": "X'),
      /digest: expected 64/,
    ],
    ["with half a character", (text: string) => text.replace("field-notes", "x\\ud83dy"), /lone surrogate/],
    [
      "nested too deep",
      (text: string) => text.replace('"env"', `"extra": ${"[".repeat(1e5)}${"]".repeat(1e5)}, "env"`),
      /extra|JSON/,
    ],
  ])("a manifest %s", async (_, spoil, message) => {
    const dir = await copyOf("chat");
    const file = join(dir, "manifest.json");
    await writeFile(file, spoil(await readFile(file, "utf8")));
    expect(await failureOf(() => loadParcel(dir))).toEqual(invalid(message));
  });

  test("a manifest that is not UTF-8", async () => {
    const dir = await copyOf("chat");
    await writeFile(join(dir, "manifest.json"), Buffer.from([0x7b, 0xff, 0x7d]));
    expect(await failureOf(() => loadParcel(dir))).toEqual(invalid(/the parcel's manifest\.json is not valid UTF-8/));
  });

  test("a huge manifest, without reading it", async () => {
    const dir = await copyOf("chat");
    await truncate(join(dir, "manifest.json"), 2 ** 40);
    expect(await failureOf(() => loadParcel(dir))).toEqual(invalid(/larger than the 4194304 bytes/));
  });

  test("a manifest that is a link or a folder", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "manifest.json"));
    await symlink(join(parcelDir("chat"), "manifest.json"), join(dir, "manifest.json"));
    expect(await failureOf(() => loadParcel(dir))).toEqual(
      invalid(/is a symbolic link; a parcel consists of regular files/),
    );
    await rm(join(dir, "manifest.json"));
    await mkdir(join(dir, "manifest.json"));
    expect(await failureOf(() => loadParcel(dir))).toEqual(invalid(/is a folder/));
  });

  test("text of a manifest cannot control the reader's terminal", async () => {
    const dir = await copyOf("chat");
    const file = join(dir, "manifest.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"env"', '"\\u001b[2J\\u202e": 1, "env"'));
    const { message } = await failureOf(() => loadParcel(dir));
    expect(message).toContain("\\u{1b}[2J\\u{202e}");
    expect(message).not.toContain("\u001b");
    expect(message).not.toContain("\u202e");
  });
});
