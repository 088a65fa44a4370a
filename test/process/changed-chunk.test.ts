/** Dispatch pins the entry of the npm build alone; a changed file beside it must not run. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HOST_FRONT_ENDS } from "../../src/app/front-ends.ts";
import { ROOT, scratchFolder } from "../support/child-process/child.ts";
import { request } from "../support/child-process/courier-host.ts";

const DIST = join(ROOT, "dist");
const chunks = readdirSync(DIST).filter(
  (name) => name.endsWith(".mjs") && name !== "seren-bridge.mjs" && name !== "index.mjs",
);
/** What the entry was told: `name:size:hash:loaders`. */
const told = readFileSync(join(DIST, "seren-bridge.mjs"), "utf8");
const ofCourier = chunks.filter((name) => new RegExp(`\\b${name}:\\d+:[0-9a-f]{64}:[a-z+]*courier`).test(told));

function start(dist: string, line: object) {
  const env = { PATH: process.env.PATH, HOME: dist, SEREN_API_BASE: "local" };
  const options = { input: `${JSON.stringify(line)}\n`, encoding: "utf8", env, timeout: 30_000 } as const;
  return spawnSync(process.execPath, [join(dist, "seren-bridge.mjs"), "courier"], options);
}

/** A command for a person. */
function command(dist: string, name: string) {
  const env = { PATH: process.env.PATH, HOME: dist, SEREN_API_BASE: "local" };
  return spawnSync(process.execPath, [join(dist, "seren-bridge.mjs"), name], { env, encoding: "utf8" });
}

function copy(): string {
  const folder = scratchFolder();
  cpSync(join(ROOT, "dist"), folder, { recursive: true });
  return folder;
}

test("the build has pinned the files of exactly the front ends that ask for it", () => {
  const loaders = [...told.matchAll(/:[0-9a-f]{64}:([a-z+]*)/g)].flatMap(([, modes = ""]) =>
    modes.split("+").filter(Boolean),
  );
  const pinned = HOST_FRONT_ENDS.filter(({ isPinned }) => isPinned).map(({ mode }) => mode);
  expect([...new Set(loaders)].sort()).toEqual(pinned.sort());
});

test("an untouched copy of the build runs", () => {
  expect(start(copy(), request("validate_parcel", { parcel_dir: "/nowhere" }))).toMatchObject({
    status: 0,
    stderr: "",
  });
});

test("a courier with a changed or missing file runs nothing, and says which file", () => {
  expect(ofCourier.length).toBeGreaterThan(10);
  for (const [index, name] of ofCourier.entries()) {
    const dist = copy();
    if (index % 2 === 0) appendFileSync(join(dist, name), "\n");
    else rmSync(join(dist, name));
    const { status, stdout, stderr } = start(dist, request("validate_parcel", { parcel_dir: "/nowhere" }));
    expect({ status, stdout }, name).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
    );
  }
});

test("the files that a courier is not checked for are not loaded by it", () => {
  const dist = copy();
  const others = chunks.filter((name) => !ofCourier.includes(name));
  expect(others.length).toBeGreaterThan(10);
  for (const name of others) writeFileSync(join(dist, name), "process.exit(77);\n");
  const parcel_dir = join(ROOT, "test", "fixtures", "dispatch", "parcels", "chat");
  const { status, stdout } = start(dist, request("open_session", { parcel_dir }));
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ result: { kind: "session" } });
});

test.runIf(process.platform !== "win32").each([
  ["a pipe", (path: string) => void spawnSync("mkfifo", [path])],
  ["a device that never ends", (path: string) => symlinkSync("/dev/zero", path)],
  ["a folder", (path: string) => mkdirSync(path)],
])("%s in the place of a file ends the program at once", (_, put) => {
  const dist = copy();
  const [name = ""] = ofCourier;
  rmSync(join(dist, name));
  put(join(dist, name));
  const { status, stderr } = start(dist, request("validate_parcel", { parcel_dir: "/nowhere" }));
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
  });
});

test.runIf(process.platform !== "win32")("a file that cannot be read is not said to be changed", () => {
  const dist = copy();
  const [name = ""] = ofCourier;
  rmSync(join(dist, name));
  symlinkSync(name, join(dist, name));
  const { status, stderr } = start(dist, request("validate_parcel", { parcel_dir: "/nowhere" }));
  expect(status).toBe(1);
  expect(stderr).toMatch(/ cannot be read: .*link/);
});

test("doctor compares hashes: a change that leaves the size is found", () => {
  const dist = copy();
  const [name = ""] = chunks;
  const code = readFileSync(join(dist, name), "utf8");
  writeFileSync(join(dist, name), `${code.slice(0, -1)} `);
  const { status, stderr } = command(dist, "doctor");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
  });
});

test("a command for a person says so as well, in place of an error that nobody foresaw", () => {
  for (const change of [(path: string) => appendFileSync(path, "\n"), rmSync]) {
    const dist = copy();
    const [name = ""] = chunks;
    change(join(dist, name));
    const { status, stderr } = command(dist, "agents");
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
    });
  }
});
