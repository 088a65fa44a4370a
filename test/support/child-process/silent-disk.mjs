/**
 * Loaded before a program: calls for a path below `SILENT_DISK` never return, as on a network folder that is gone. They hang in
 * the kernel, at `SILENT_PIPE`, a named pipe that nothing writes to.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { SILENT_DISK: root, SILENT_PIPE: pipe } = process.env;
const { open } = fs.promises;
const { openSync } = fs;
for (const name of [
  "open",
  "mkdir",
  "readdir",
  "rename",
  "rm",
  "rmdir",
  "stat",
  "lstat",
  "access",
  "realpath",
  "readlink",
  "readFile",
]) {
  const call = fs.promises[name];
  fs.promises[name] = (path, ...rest) => (String(path).startsWith(root) ? open(pipe, "r") : call(path, ...rest));
}
for (const name of ["openSync", "statSync", "lstatSync", "realpathSync", "existsSync", "accessSync"]) {
  const call = fs[name];
  fs[name] = (path, ...rest) => (String(path).startsWith(root) ? openSync(pipe, "r") : call(path, ...rest));
}
syncBuiltinESMExports();
