/** Packing and reading archives, compared with those that Dispatch made (`test/fixtures/dispatch-deployment/packing`). */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { hashArchive, packFolder, readArchive } from "../../../src/archive/index.ts";
import { unpackParcel } from "../../../src/parcel/index.ts";
import { realAmbient } from "../../../src/support/ambient.ts";

const PACKING = fileURLToPath(new URL("../../fixtures/dispatch-deployment/packing/", import.meta.url));
const MAX = 1024 * 1024;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function namesIn(path: string, max = MAX): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, content } of readArchive(path, "the archive", max)) {
    let text = "";
    for await (const piece of content) text += piece.toString();
    found[name] = text;
  }
  return found;
}

test.each(["folder", "parcel"])(
  "%s is packed as Dispatch packs it: the same tar, and a gzip head of no system",
  async (name) => {
    const target = join(folder, "out.tar.gz");
    cpSync(join(PACKING, name), join(folder, name), { recursive: true });
    // A checkout keeps of the modes whether a file can be executed; the rest is the machine's.
    for (const file of readdirSync(join(folder, name), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) chmodSync(join(file.parentPath, file.name), file.name === "b.txt" ? 0o755 : 0o644);
    }
    await packFolder(join(folder, name), target, name);
    const ours = readFileSync(target);
    const theirs = readFileSync(join(PACKING, `${name}.tar.gz`));
    expect(gunzipSync(ours).equals(gunzipSync(theirs))).toBe(true);
    expect([ours.toString("hex", 0, 8), ours[9]]).toEqual(["1f8b080000000000", 0xff]);
  },
);

test("the same files give the same bytes, whatever their times and the folder's name", async () => {
  for (const name of ["one", "two"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "a.txt"), "same", { mode: 0o644 });
    symlinkSync("/etc/hostname", join(folder, name, "link"));
    chmodSync(join(folder, name, "a.txt"), 0o644);
    await packFolder(join(folder, name), join(folder, `${name}.tar.gz`), name);
  }
  const [one, two] = await Promise.all(["one", "two"].map((name) => hashArchive(join(folder, `${name}.tar.gz`), name)));
  expect(one?.sha256).toBe(two?.sha256);
  expect(Object.keys(await namesIn(join(folder, "one.tar.gz")))).toEqual(["a.txt"]);
});

test("Dispatch's archives are read whole: long names, dot files, names that are not ASCII", async () => {
  const names = Object.keys(await namesIn(join(PACKING, "folder.tar.gz")));
  expect(names).toContain("n".repeat(120));
  expect(names).toContain("sub/.hidden/y");
  expect(names).toContain("ö ü.txt");
  const { parcel, release } = await unpackParcel(join(PACKING, "parcel.tar.gz"), "the archive", realAmbient);
  onTestFinished(release);
  expect(parcel.manifest.name).toBe("night-watch");
});

test("size and hash are those of the bytes, and what is no gzip is refused", async () => {
  const path = join(PACKING, "parcel.tar.gz");
  const bytes = readFileSync(path);
  const hashed = await hashArchive(path, "it");
  expect(hashed).toMatchObject({ sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  await expect(hashArchive(join(PACKING, "parcel/manifest.json"), "it")).rejects.toThrow("it is no gzip archive");
  await expect(hashArchive(PACKING, "it")).rejects.toThrow("it is a folder");
  await expect(hashArchive(join(folder, "none"), "it")).rejects.toThrow("does not exist");
});

test("a damaged, cut or swollen archive is refused in words", async () => {
  const whole = gunzipSync(readFileSync(join(PACKING, "parcel.tar.gz")));
  const cases: [Buffer, RegExp][] = [
    [gzipSync(whole).subarray(0, 200), /damaged or cut off/],
    [gzipSync(whole.subarray(0, 700)), /damaged or cut off/],
    [gzipSync(Buffer.concat([Buffer.from("x"), whole])), /no tar archive/],
    [gzipSync(Buffer.alloc(4 * MAX, 1)), /no tar archive/],
  ];
  for (const [bytes, why] of cases) {
    writeFileSync(join(folder, "bad.tar.gz"), bytes);
    await expect(namesIn(join(folder, "bad.tar.gz"))).rejects.toThrow(why);
  }
  writeFileSync(join(folder, "good.tar.gz"), gzipSync(whole));
  await expect(namesIn(join(folder, "good.tar.gz"), 1000)).rejects.toThrow("unpacks to more than 1000 bytes");
});

test("a path that leads out of the archive is refused and writes nothing", async () => {
  const bytes = gunzipSync(readFileSync(join(PACKING, "parcel.tar.gz")));
  const name = "../../escaped";
  bytes.fill(0, 0, 100).write(name, 0);
  bytes.write("        ", 148);
  let sum = 0;
  for (let at = 0; at < 512; at += 1) sum += bytes[at] ?? 0;
  bytes.write(`${sum.toString(8).padStart(7, "0")}\0`, 148);
  writeFileSync(join(folder, "evil.tar.gz"), gzipSync(bytes));
  await expect(unpackParcel(join(folder, "evil.tar.gz"), "the archive", realAmbient)).rejects.toThrow(
    "leads out of the parcel",
  );
});

test.skipIf(process.platform === "win32")("a file that is gone when its turn comes is named", async () => {
  const root = join(folder, "source");
  mkdirSync(root);
  const names = Array.from({ length: 40 }, (_, index) => `f${String(index).padStart(2, "0")}`);
  for (const name of names) writeFileSync(join(root, name), randomBytes(200_000));
  // Written to a pipe that is not read on, packing waits long before the last file; that it has begun shows the list is made.
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const packing = packFolder(root, pipe, "the folder");
  const reader = createReadStream(pipe);
  const refused = expect(packing).rejects.toMatchObject({
    kind: "invalid_input",
    message: expect.stringMatching(/^f39 cannot be read/),
  });
  await once(reader, "data");
  reader.pause();
  rmSync(join(root, "f39"));
  reader.resume();
  await refused;
});

test("a disk that cannot take the archive is named", async () => {
  await expect(packFolder(PACKING, join(folder, "none", "out.tar.gz"), "the folder")).rejects.toMatchObject({
    kind: "invalid_input",
    message: expect.stringContaining("the archive of the folder, in the folder for temporary files, cannot be written"),
  });
});

test("an archive that names a file twice, or a file as a folder, is refused by name", async () => {
  const archive = join(folder, "twice.tar.gz");
  const root = join(folder, "once");
  mkdirSync(root);
  writeFileSync(join(root, "a"), "first");
  await packFolder(root, archive, "once");
  const tar = gunzipSync(readFileSync(archive));
  writeFileSync(archive, gzipSync(Buffer.concat([tar.subarray(0, 1024), tar])));
  await expect(unpackParcel(archive, "the bundle", realAmbient)).rejects.toMatchObject({
    kind: "invalid_input",
    message: expect.stringMatching(/^"a" of the bundle cannot be written: something else has this name/),
  });
});
