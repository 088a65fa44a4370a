/** The Roder entry for this program and this shell: Roder gives its child only PATH and the `env` of the entry. */
import { existsSync } from "node:fs";
import { carriedVariables, findProgram, type InstallContext } from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { manifestPaths } from "../manifest/manifest-file.ts";
import { EXTENSION_ID, type RoderEntry } from "./roder-config.ts";

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
  const { env } = carriedVariables(variable);
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
