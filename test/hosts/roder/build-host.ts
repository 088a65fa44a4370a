/** Builds the host program, if this machine can. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const CRATE = fileURLToPath(new URL(".", import.meta.url));

/** What cargo says when it is the network's fault. Anything else is ours. */
const UNREACHABLE =
  /failed to (?:get|fetch|download|query|load source)|no matching package named|could not (?:resolve host|connect)|spurious network error|offline/i;

const TOO_OLD = /requires rustc|edition.*2024/i;

export type HostBuild = { program: string } | { missing: string };

/**
 * The path of the program, or why there is none. The first build takes a minute or two; what was built is kept in
 * `CARGO_TARGET_DIR`, or in a folder of ours beside other temporary files. Throws when the crate does not compile.
 */
export async function buildHost(environment: Readonly<NodeJS.ProcessEnv> = process.env): Promise<HostBuild> {
  if (environment.SEREN_TEST_RODER_HOST === "0") return { missing: "SEREN_TEST_RODER_HOST is 0" };
  const targetDir = environment.CARGO_TARGET_DIR || join(tmpdir(), "seren-bridge-roder-host");
  const { code, stderr } = await cargoBuild({ ...environment, CARGO_TARGET_DIR: targetDir });
  const excuse = (why: string): HostBuild => {
    if (environment.SEREN_TEST_RODER_HOST === "1") throw new Error(`SEREN_TEST_RODER_HOST is 1, but ${why}`);
    return { missing: why };
  };
  if (code === undefined) return excuse(`cargo cannot be started (${stderr})`);
  if (code !== 0) {
    if (UNREACHABLE.test(stderr)) return excuse(`cargo cannot fetch Roder's crates: ${firstLine(stderr)}`);
    if (TOO_OLD.test(stderr)) return excuse(`Rust is too old for Roder's crates: ${firstLine(stderr)}`);
    throw new Error(`the host program does not build:\n${stderr}`);
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  return { program: join(targetDir, "debug", `seren-bridge-roder-host${suffix}`) };
}

/** `code` is missing when cargo cannot be started. */
async function cargoBuild(env: NodeJS.ProcessEnv): Promise<{ code?: number; stderr: string }> {
  const cargo = spawn("cargo", ["build", "--quiet"], { cwd: CRATE, env, stdio: ["ignore", "ignore", "pipe"] });
  const said = text(cargo.stderr);
  try {
    const [code] = await once(cargo, "close");
    return { code: Number(code ?? 1), stderr: await said };
  } catch (error) {
    return { stderr: error instanceof Error ? error.message : String(error) };
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
