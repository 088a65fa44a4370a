/** Builds the host program, if this machine can. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const CRATE = fileURLToPath(new URL(".", import.meta.url));

/**
 * The one failure that is ours: our own crate does not compile. Whatever else stops cargo (no toolchain, no network, an
 * empty registry, a compiler that is too old for a dependency, no linker) is a property of the machine.
 */
const OUR_ERROR = /could not compile `seren-bridge-roder-host`/;

export type HostBuild = { program: string } | { missing: string };

/**
 * Returns the path of the host program, or why this machine cannot have it. The first build takes a minute or two; its
 * output is kept in `CARGO_TARGET_DIR`, or in a folder of ours beside other temporary files. Throws when our crate does
 * not compile, and for every other reason too when `SEREN_TEST_RODER_HOST` is 1.
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
    if (OUR_ERROR.test(stderr)) throw new Error(`the host program does not compile:\n${stderr}`);
    return excuse(`cargo cannot build Roder's crates here: ${summary(stderr)}`);
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

/** The error and its causes, without the rest of what cargo prints. */
function summary(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "" && line !== "Caused by:")
    .slice(0, 2)
    .join("; ")
    .slice(0, 400);
}
