/** Which failures of cargo leave the host's tests out, and which fail them. cargo is a script that prints what it printed. */
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../support/child-process/child.ts";
import { buildHost } from "./build-host.ts";

/** An environment whose cargo prints `stderr` and exits with `code`. */
function withCargo(code: number, stderr: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const folder = scratchFolder();
  writeFileSync(join(folder, "message"), stderr);
  writeFileSync(join(folder, "cargo"), `#!/bin/sh\ncat '${folder}/message' >&2\nexit ${code}\n`);
  chmodSync(join(folder, "cargo"), 0o755);
  return { PATH: [folder, process.env.PATH].join(delimiter), CARGO_TARGET_DIR: "/target", ...more };
}

const NO_CRATES = `error: failed to get \`anyhow\` as a dependency of package \`seren-bridge-roder-host v0.0.0 (/work)\`

Caused by:
  failed to load source for dependency \`anyhow\``;

const OUR_FAULT = `error[E0432]: unresolved import \`roder_api::gone\`
error: could not compile \`seren-bridge-roder-host\` (bin "seren-bridge-roder-host") due to 1 previous error`;

describe.skipIf(process.platform === "win32")("the host program", () => {
  test("is where cargo puts it", async () => {
    expect(await buildHost(withCargo(0, ""))).toEqual({ program: "/target/debug/seren-bridge-roder-host" });
  });

  test.each([
    ["an empty registry", NO_CRATES, /failed to get `anyhow`/],
    ["no default toolchain", "error: rustup could not choose a version of cargo to run", /rustup could not choose/],
    ["an old cargo", "error: feature `edition2024` is required", /edition2024/],
    ["an old compiler", "error: rustc 1.70.0 is not supported by the following packages:", /rustc 1\.70\.0/],
    ["a dependency that does not compile", "error: could not compile `roder-api` (lib)", /`roder-api`/],
    ["no linker", "error: linker `cc` not found", /linker/],
  ])("is left out with a reason: %s", async (_, stderr, reason) => {
    expect(await buildHost(withCargo(101, stderr))).toEqual({ missing: expect.stringMatching(reason) });
  });

  test("is left out without cargo", async () => {
    expect(await buildHost({ PATH: scratchFolder() })).toEqual({ missing: expect.stringMatching(/cannot be started/) });
  });

  test("is left out on request, without asking cargo", async () => {
    const env = withCargo(101, OUR_FAULT, { SEREN_TEST_RODER_HOST: "0" });
    expect(await buildHost(env)).toEqual({ missing: "SEREN_TEST_RODER_HOST is 0" });
  });

  test("fails where it is required", async () => {
    const env = withCargo(101, NO_CRATES, { SEREN_TEST_RODER_HOST: "1" });
    await expect(buildHost(env)).rejects.toThrow(/SEREN_TEST_RODER_HOST is 1, but cargo cannot build/);
  });

  test("fails when our own crate does not compile", async () => {
    await expect(buildHost(withCargo(101, OUR_FAULT))).rejects.toThrow(/unresolved import/);
  });
});
