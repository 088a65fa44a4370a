/** What a client has to start: this program, with the settings of this shell that are no secrets. */
import { realpathSync } from "node:fs";
import { carriedVariables, findProgram, type InstallContext } from "../../../install/index.ts";

export const SERVER_NAME = "seren";
const MODE = "mcp";

export interface Command {
  command: string;
  args: string[];
  env: Record<string, string>;
}

/** The installed command if it is this program: a name outlives an update, and a person can read it. */
export function ownCommand({ paths, variable }: InstallContext): Command {
  const { env } = carriedVariables(variable);
  const installed = findProgram("seren-bridge", variable);
  if (installed && realPath(installed) === realPath(paths.program)) {
    return { command: "seren-bridge", args: [MODE], env };
  }
  if (paths.program === process.execPath) return { command: paths.program, args: [MODE], env }; // needs no Node
  return { command: findProgram("node", variable) ? "node" : process.execPath, args: [paths.program, MODE], env };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
