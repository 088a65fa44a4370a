/** Loaded before a program: calls for a path below `SILENT_DISK` never return, as on a network folder that is gone. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const root = process.env.SILENT_DISK;
for (const name of ["open", "mkdir", "readdir", "rename", "rm", "rmdir", "stat", "lstat", "access"]) {
  const call = fs.promises[name];
  fs.promises[name] = (path, ...rest) =>
    String(path).startsWith(root) ? new Promise(() => undefined) : call(path, ...rest);
}
syncBuiltinESMExports();
