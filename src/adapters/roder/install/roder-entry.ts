/** The Roder entry for this program and this shell: Roder gives its child only PATH and the `env` of the entry. */
import { existsSync } from "node:fs";
import { findProgram, type InstallContext } from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { manifestPaths } from "../manifest/manifest-file.ts";
import { EXTENSION_ID, type RoderEntry } from "./roder-config.ts";

/** Variables the entry passes on. The API key is not among them: the child reads it from its file. */
const CARRIED = [
  "SEREN_API_BASE",
  "SEREN_BRIDGE_DEPLOYMENT",
  "SEREN_BRIDGE_STATE_DIR",
  "SEREN_BRIDGE_LOG",
  "SEREN_BRIDGE_MODEL_URL",
  "SEREN_BRIDGE_MODEL",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
] as const;

/** Addresses with a user and a password are not written into other programs' files. */
const HAS_PASSWORD = /\/\/[^/]*@/;

/** The manifest Roder is to load; undefined when there is none beside the program: the release is one file. */
export function roderManifest({ paths, variable }: InstallContext): string | undefined {
  return variable("SEREN_BRIDGE_RODER_MANIFEST") ?? manifestPaths(paths.program).find((path) => existsSync(path));
}

/** Throws `invalid_input` when there is no manifest beside the program. */
export function ownRoderEntry(context: InstallContext): RoderEntry {
  const { paths, variable } = context;
  const manifest = roderManifest(context);
  if (!manifest) {
    throw new ExecutionFailure(
      "invalid_input",
      `there is no roder-extension.toml beside ${paths.program}; install the npm package of seren-bridge, which has it`,
    );
  }
  const env: Record<string, string> = {};
  for (const name of CARRIED) {
    const value = variable(name);
    if (value !== undefined && !HAS_PASSWORD.test(value)) env[name] = value;
  }
  if (paths.home !== paths.accountHome) env.HOME = paths.home;
  return {
    id: EXTENSION_ID,
    manifest,
    ...(paths.program === process.execPath // an executable of its own needs no Node
      ? { command: paths.program, args: ["roder"] }
      : { command: findProgram("node", variable) ? "node" : process.execPath, args: [paths.program, "roder"] }),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}
