import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ParcelManifest } from "#protocols/dispatch-courier";
import { loadParcel, openParcel, verifyParcel } from "../../../src/parcel/index.ts";
import {
  built,
  copyOf,
  failureOf,
  manifestOf,
  openBuilt,
  PARCELS,
  parcelDir,
  scratch,
  sha256,
  writeSealed,
} from "./parcels.ts";

const verify = async (dir: string) => verifyParcel(await loadParcel(dir));
const invalid = (message: RegExp) => ({ kind: "invalid_input", message: expect.stringMatching(message) });

test.each(PARCELS)("%s verifies, and its files read as they are", async (name) => {
  const files = await verify(parcelDir(name));
  for (const { packaged_as: path, size_bytes } of (await manifestOf(name)).files) {
    const content = await files.read(path);
    expect(content.length).toBe(size_bytes);
    expect(content).toEqual(await readFile(join(parcelDir(name), "context", path)));
  }
});

describe("tampering is refused", () => {
  const REBUILD = "Build it again with `dispatch parcel build`";

  test.each(["name", "version", "digest"])("a changed %s in the manifest", async (member) => {
    const dir = await copyOf("chat");
    const manifest = await manifestOf("chat");
    const changed = member === "digest" ? "0".repeat(64) : "changed";
    await writeFile(join(dir, "manifest.json"), JSON.stringify({ ...manifest, [member]: changed }));
    const failure = await failureOf(() => verify(dir));
    expect(failure).toEqual({
      kind: "invalid_input",
      message: `the parcel was refused: its manifest does not match its digest, so it was changed after it was built. ${REBUILD}`,
    });
  });

  test("a file with other bytes of the same length", async () => {
    const dir = await copyOf("chat");
    const path = join(dir, "context", "SOUL.md");
    const content = await readFile(path);
    content[0] = 0x24;
    await writeFile(path, content);
    expect(await failureOf(() => verify(dir))).toEqual({
      kind: "invalid_input",
      message: `the parcel was refused: its file "SOUL.md" was changed after the parcel was built. ${REBUILD}`,
    });
  });

  test("a file that is shorter, longer, huge or missing", async () => {
    const dir = await copyOf("chat");
    const path = join(dir, "context", "SOUL.md");
    await truncate(path, 34);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" has 34 bytes instead of 35/));
    await truncate(path, 36);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" is larger than the 35 bytes it may have/));
    await truncate(path, 2 ** 40);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" is larger than the 35 bytes it may have/));
    await rm(path);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" cannot be read: it does not exist/));
  });

  test("a parcel without its folder, or with a link instead", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "context"), { recursive: true });
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/folder context cannot be read: it does not exist/));
    await symlink(join(parcelDir("chat"), "context"), join(dir, "context"));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/folder context is a symbolic link/));
  });

  test("a link in place of a file, even to the right content", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "context", "SOUL.md"));
    await symlink(join(parcelDir("chat"), "context", "SOUL.md"), join(dir, "context", "SOUL.md"));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" is a symbolic link/));
  });

  test("a link in place of a parent folder", async () => {
    const dir = await copyOf("job");
    const elsewhere = await scratch();
    await cp(join(dir, "context", "data"), elsewhere, { recursive: true });
    await rm(join(dir, "context", "data"), { recursive: true });
    await symlink(elsewhere, join(dir, "context", "data"));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/folder "data" is a symbolic link/));
  });

  test.skipIf(process.platform === "win32")("a pipe, without waiting for a writer", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "context", "SOUL.md"));
    execFileSync("mkfifo", [join(dir, "context", "SOUL.md")]);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" is not a regular file/));
  });

  test("a folder in place of a file", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "context", "SOUL.md"));
    await mkdir(join(dir, "context", "SOUL.md"));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"SOUL\.md" is a folder/));
  });
});

describe("the lock", () => {
  type Lock = { digest: string; format_version: number; manifest: string; context_dir: string; files: object[] };
  const file = { source: "x", packaged_as: "x", sha256: "0".repeat(64), size_bytes: 0 };

  test.each<[string, (lock: Lock) => object | string, RegExp]>([
    ["of another digest", (lock) => ({ ...lock, digest: "0".repeat(64) }), /parcel\.lock belongs to another digest/],
    ["of another version", (lock) => ({ ...lock, format_version: 2 }), /describes another layout/],
    ["of another manifest", (lock) => ({ ...lock, manifest: "m.json" }), /describes another layout/],
    ["of another folder", (lock) => ({ ...lock, context_dir: ".." }), /describes another layout/],
    [
      "with an extra file",
      (lock) => ({ ...lock, files: [...lock.files, file] }),
      /lists other files than its manifest/,
    ],
    ["without its last file", (lock) => ({ ...lock, files: lock.files.slice(0, -1) }), /lists other files/],
    ["with a file less", (lock) => ({ ...lock, files: lock.files.slice(1) }), /lists other files/],
    ["in another order", (lock) => ({ ...lock, files: lock.files.toReversed() }), /lists other files/],
    [
      "with another size",
      (lock) => ({ ...lock, files: [{ ...lock.files[0], size_bytes: 1 }, ...lock.files.slice(1)] }),
      /lists other files/,
    ],
    [
      "with another hash",
      (lock) => ({ ...lock, files: [{ ...lock.files[0], sha256: "0".repeat(64) }, ...lock.files.slice(1)] }),
      /lists other files/,
    ],
    [
      "with another source",
      (lock) => ({ ...lock, files: [{ ...lock.files[0], source: "y" }, ...lock.files.slice(1)] }),
      /lists other files/,
    ],
    ["cut off", (lock) => JSON.stringify(lock).slice(0, -9), /parcel\.lock is not valid JSON/],
    [
      "without files",
      (lock) => ({ ...lock, files: undefined }),
      /parcel\.lock does not have the form of a Dispatch parcel: files/,
    ],
  ])("%s is refused", async (_, spoil, message) => {
    const dir = await copyOf("chat");
    const path = join(dir, "parcel.lock");
    const lock: Lock = JSON.parse(await readFile(path, "utf8"));
    const spoilt = spoil(lock);
    await writeFile(path, typeof spoilt === "string" ? spoilt : JSON.stringify(spoilt));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(message));
  });

  test("missing is refused", async () => {
    const dir = await copyOf("chat");
    await rm(join(dir, "parcel.lock"));
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/parcel\.lock cannot be read: it does not exist/));
  });

  test("may have members of a later host at every level", async () => {
    const dir = await copyOf("chat");
    const path = join(dir, "parcel.lock");
    const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    await writeFile(path, (await readFile(path, "utf8")).replace("{", `{"later": ${deep},`));
    await verify(dir);
  });
});

describe("a hostile manifest with a digest of its own", () => {
  const record = (path: string, content = "x") => ({
    source: path,
    packaged_as: path,
    sha256: sha256(content),
    size_bytes: content.length,
  });

  test.each([
    ["../secret", /its path "\.\.\/secret" leads out of the parcel/],
    ["a/../../secret", /leads out of the parcel/],
    ["/etc/hostname", /is absolute/],
    ["C:/secret", /is absolute/],
    ["c:secret", /is absolute/],
    ["./C:", /is absolute/],
    ["\\\\server\\share", /contains a backslash/],
    ["a\\b", /contains a backslash/],
    ["a\0b", /contains a NUL character/],
    ["", /is empty/],
    [".", /names the parcel's own folder/],
    ["./x", /has a path that is not in its plain form/],
    ["a//x", /has a path that is not in its plain form/],
    ["a/../x", /has a path that is not in its plain form/],
  ])("packaged path %j", async (path, message) => {
    const dir = await built({});
    await writeFile(join(dir, "secret"), "x"); // where `../secret` would lead
    await writeSealed(dir, { ...(await manifestOf("minimal")), files: [record(path)] });
    expect(await failureOf(() => verify(dir))).toEqual(invalid(message));
  });

  test.each<[string, Partial<ParcelManifest>]>([
    ["instruction", { instructions: [{ kind: "soul", packaged_path: "../x", sha256: sha256("x") }] }],
    ["tool", { tools: [{ kind: "local", alias: "t", packaged_path: "../x", runner: { command: "sh", args: [] } }] }],
    [
      "schema",
      { tools: [{ kind: "a2a", alias: "t", url: "u", input_schema: { packaged_path: "../x", sha256: sha256("x") } }] },
    ],
  ])("a path of an %s", async (_, change) => {
    const dir = await built({ x: "x" }, change);
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/"\.\.\/x" leads out of the parcel/));
  });

  test("a path that is listed twice", async () => {
    const dir = await built({ x: "x" }, { files: [record("x"), record("x")] });
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/names "x" twice/));
  });

  test("an instruction that is not packaged, or has another hash there", async () => {
    const soul = { kind: "soul" as const, packaged_path: "SOUL.md", sha256: sha256("a") };
    const absent = await built({}, { instructions: [soul] });
    expect(await failureOf(() => verify(absent))).toEqual(invalid(/uses the file "SOUL\.md" without containing it/));
    const other = await built({ "SOUL.md": "b" }, { instructions: [soul] });
    expect(await failureOf(() => verify(other))).toEqual(invalid(/states two different hashes for "SOUL\.md"/));
  });

  test("files that add up to more than may be hashed per request", async () => {
    const dir = await built({}, { files: [{ ...record("x"), size_bytes: 2 ** 30 + 1 }] });
    expect(await failureOf(() => verify(dir))).toEqual(invalid(/add up to more than the 1073741824 bytes/));
  });

  test("a script that is not packaged is accepted, because it is not run", async () => {
    await openBuilt(
      {},
      { tools: [{ kind: "local", alias: "t", packaged_path: "t.sh", runner: { command: "sh", args: [] } }] },
    );
  });
});

describe("reading", () => {
  const soul = (text: string) => [{ kind: "soul" as const, packaged_path: "./SOUL.md", sha256: sha256(text) }];

  test("verifies the hash of what it returns", async () => {
    const dir = await built({ "a/SOUL.md": "good" });
    const { files } = await openParcel(dir);
    await writeFile(join(dir, "context", "a", "SOUL.md"), "evil");
    expect(await failureOf(() => files.read("a/SOUL.md"))).toEqual(invalid(/"a\/SOUL\.md" was changed/));
    await writeFile(join(dir, "context", "a", "SOUL.md"), "good");
    expect((await files.read("a/SOUL.md")).toString()).toBe("good");
  });

  test("a folder that is replaced by a link later still returns only verified content", async () => {
    const dir = await built({ "a/SOUL.md": "good" });
    const { files } = await openParcel(dir);
    const elsewhere = await scratch();
    await writeFile(join(elsewhere, "SOUL.md"), "evil");
    await rm(join(dir, "context", "a"), { recursive: true });
    await symlink(elsewhere, join(dir, "context", "a"));
    expect(await failureOf(() => files.read("a/SOUL.md"))).toEqual(invalid(/"a\/SOUL\.md" was changed/));
  });

  test("finds a file in every spelling of its path, and no other file", async () => {
    const { files } = await openBuilt({ "SOUL.md": "x" }, { instructions: soul("x") });
    expect(await files.readText("./SOUL.md")).toBe("x");
    expect(files.find("a/../SOUL.md")?.size_bytes).toBe(1);
    expect(files.find("manifest.json")).toBeUndefined();
    expect(await failureOf(() => files.read("other"))).toEqual(invalid(/has no file "other"/));
    expect(await failureOf(() => files.read("../manifest.json"))).toEqual(invalid(/leads out/));
  });

  test("does not take a file of more than 8 MiB into memory", async () => {
    const { files } = await openBuilt({ big: Buffer.alloc(8 * 1024 * 1024 + 1) });
    expect(await failureOf(() => files.read("big"))).toEqual(invalid(/has 8388609 bytes; at most 8388608 can be used/));
  });

  test("text is strict UTF-8", async () => {
    const { files } = await openBuilt({ latin: Buffer.from([0xe9]) });
    expect(await failureOf(() => files.readText("latin"))).toEqual(invalid(/"latin" is not valid UTF-8/));
  });
});
