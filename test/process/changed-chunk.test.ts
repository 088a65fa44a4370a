/** Dispatch pins the entry of the npm build alone; a changed file beside it must not run. */
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, scratchFolder } from "../support/child-process/child.ts";
import { request } from "../support/child-process/courier-host.ts";

const chunks = readdirSync(join(ROOT, "dist")).filter(
  (name) => name.endsWith(".mjs") && name !== "seren-bridge.mjs" && name !== "index.mjs",
);

function start(dist: string, line: object) {
  const env = { PATH: process.env.PATH, HOME: dist, SEREN_API_BASE: "local" };
  const options = { input: `${JSON.stringify(line)}\n`, encoding: "utf8", env, timeout: 30_000 } as const;
  return spawnSync(process.execPath, [join(dist, "seren-bridge.mjs"), "courier"], options);
}

function copy(): string {
  const folder = scratchFolder();
  cpSync(join(ROOT, "dist"), folder, { recursive: true });
  return folder;
}

test("an untouched copy of the build runs", () => {
  expect(start(copy(), request("validate_parcel", { parcel_dir: "/nowhere" }))).toMatchObject({
    status: 0,
    stderr: "",
  });
});

test("a build with a changed or missing file runs nothing, and says which file", () => {
  expect(chunks.length).toBeGreaterThan(10);
  for (const [index, name] of chunks.entries()) {
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

test.runIf(process.platform !== "win32").each([
  ["a pipe", (path: string) => void spawnSync("mkfifo", [path])],
  ["a device that never ends", (path: string) => symlinkSync("/dev/zero", path)],
  ["a folder", (path: string) => cpSync(join(ROOT, "scripts"), path, { recursive: true })],
])("%s in the place of a file ends the program at once", (_, put) => {
  const dist = copy();
  const [name = ""] = chunks;
  rmSync(join(dist, name));
  put(join(dist, name));
  const { status, stderr } = start(dist, request("validate_parcel", { parcel_dir: "/nowhere" }));
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
  });
});

test.runIf(process.platform === "linux")("files that cannot be read are not said to be changed", () => {
  const dist = copy();
  const env = { PATH: process.env.PATH, HOME: dist, SEREN_API_BASE: "local" };
  const program = `ulimit -n 30 && exec "${process.execPath}" "${join(dist, "seren-bridge.mjs")}" agents`;
  const { status, stderr } = spawnSync("sh", ["-c", program], { env, encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/ cannot be read: too many files are open; raise the limit \(ulimit -n\)\n$/);
});

test("a command for a person says so as well, in place of an error that nobody foresaw", () => {
  for (const change of [(path: string) => appendFileSync(path, "\n"), rmSync]) {
    const dist = copy();
    const [name = ""] = chunks;
    change(join(dist, name));
    const env = { PATH: process.env.PATH, HOME: dist, SEREN_API_BASE: "local" };
    const { status, stderr } = spawnSync(process.execPath, [join(dist, "seren-bridge.mjs"), "agents"], {
      env,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `seren-bridge: ${name} is not the file this version was built with; install seren-bridge again\n`,
    });
  }
});
