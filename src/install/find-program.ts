/** Finds a program on the PATH the way a shell does, without starting it. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Returns the path of the program; undefined when it is not on the PATH. */
export function findProgram(name: string, variable: (name: string) => string | undefined): string | undefined {
  const windows = process.platform === "win32";
  const endings = windows ? (variable("PATHEXT") ?? ".EXE;.CMD").split(";") : [""];
  for (const folder of (variable("PATH") ?? variable("Path") ?? "").split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (folder !== "" && isProgram(path)) return path;
    }
  }
  return undefined;
}

/** Returns whether `path` is an executable file. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
