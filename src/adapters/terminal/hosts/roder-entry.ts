/** The Roder entry for this program and this environment: Roder hands its child nothing but PATH and the entry's `env`. */
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Services } from "../services.ts";
import { findProgram } from "./find-program.ts";
import { EXTENSION_ID, type RoderEntry } from "./roder-config.ts";

/** Settings that would otherwise be lost on the way. Keys are not among them: the API key is read from its file. */
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
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
] as const;

/** A user and a password in an address stay out of other programs' files. */
const HAS_PASSWORD = /\/\/[^/]*@/;

/** Throws `invalid_input` when there is no manifest beside the program. */
export function ownRoderEntry({ paths, variable }: Pick<Services, "paths" | "variable">): RoderEntry {
  if (!paths.roderManifest) {
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
    manifest: paths.roderManifest,
    ...(paths.program === process.execPath // an executable of its own needs no Node
      ? { command: paths.program, args: ["roder"] }
      : { command: findProgram("node", variable) ? "node" : process.execPath, args: [paths.program, "roder"] }),
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
}
