/** Builds the host program, if this machine can. */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CRATE = fileURLToPath(new URL(".", import.meta.url));

/** What cargo says when it is the network's fault. Anything else is ours. */
const UNREACHABLE =
  /failed to (?:get|fetch|download|query|load source)|no matching package named|could not (?:resolve host|connect)|spurious network error|offline/i;

export type HostBuild = { program: string } | { missing: string };

/**
 * The path of the program, or why there is none. The first build takes a minute or two; what was built is kept in
 * `CARGO_TARGET_DIR`, or in a folder of ours beside other temporary files. Throws when the crate does not compile.
 */
export function buildHost(environment: Readonly<Record<string, string | undefined>> = process.env): HostBuild {
  if (environment.SEREN_TEST_RODER_HOST === "0") return { missing: "SEREN_TEST_RODER_HOST is 0" };
  const isWanted = environment.SEREN_TEST_RODER_HOST === "1";
  const targetDir = environment.CARGO_TARGET_DIR || join(tmpdir(), "seren-bridge-roder-host");
  const cargo = spawnSync("cargo", ["build", "--quiet"], {
    cwd: CRATE,
    env: { ...environment, CARGO_TARGET_DIR: targetDir },
    encoding: "utf8",
  });
  const excuse = (why: string): HostBuild => {
    if (isWanted) throw new Error(`SEREN_TEST_RODER_HOST is 1, but ${why}`);
    return { missing: why };
  };
  if (cargo.error) return excuse(`cargo cannot be started (${cargo.error.message})`);
  if (cargo.status !== 0) {
    if (UNREACHABLE.test(cargo.stderr)) return excuse(`cargo cannot fetch Roder's crates: ${firstLine(cargo.stderr)}`);
    if (/requires rustc|edition .*2024/i.test(cargo.stderr))
      return excuse(`Rust is too old for Roder's crates: ${firstLine(cargo.stderr)}`);
    throw new Error(`the host program does not build:\n${cargo.stderr}`);
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  return { program: join(targetDir, "debug", `seren-bridge-roder-host${suffix}`) };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
