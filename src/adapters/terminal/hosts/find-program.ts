/** A program on the PATH, found the way a shell does, without starting anything. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

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

/** Whether `path` is a file that may be started. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
