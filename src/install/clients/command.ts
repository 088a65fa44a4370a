/** What a client has to start: this program, with the settings of this shell that are no secrets. */
import { realpathSync } from "node:fs";
import { carriedVariables } from "../carried.ts";
import { findProgram } from "../find-program.ts";
import type { InstallContext } from "../host-installer.ts";

export interface Command {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/**
 * The installed command if it is this program: a name outlives an update, and a person can read it. `whole`: with its whole
 * path, for a client without the `PATH` of a shell.
 */
export function ownCommand(
  { paths, variable }: InstallContext,
  mode: string,
  { whole = false }: { whole?: boolean } = {},
): Command {
  const { env } = carriedVariables(variable);
  const installed = findProgram("seren-bridge", variable);
  if (installed && realPath(installed) === realPath(paths.program)) {
    return { command: whole ? installed : "seren-bridge", args: [mode], env };
  }
  if (paths.program === process.execPath) return { command: paths.program, args: [mode], env }; // needs no Node
  const node = whole ? undefined : findProgram("node", variable);
  return { command: node ? "node" : process.execPath, args: [paths.program, mode], env };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
