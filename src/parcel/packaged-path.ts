/**
 * Paths inside a parcel. A manifest is untrusted: a path of it must not name anything outside `context/`, on any system
 * this runs on.
 */
import { ExecutionFailure } from "../support/failure.ts";
import { quoted } from "./printable.ts";

/**
 * Returns a path of a manifest relative to `context/`, with forward slashes, without `.` and `..`. An author may have written
 * `./SOUL.md`; the inventory says `SOUL.md`.
 * Throws `invalid_input` for an absolute path, a drive, a backslash, NUL, and a path that leaves the folder.
 */
export function packagedPath(written: string): string {
  if (written === "") throw refused(written, "is empty");
  if (written.includes("\0")) throw refused(written, "contains a NUL character");
  if (written.includes("\\")) throw refused(written, "contains a backslash");
  if (written.startsWith("/")) throw refused(written, "is absolute");
  const kept: string[] = [];
  for (const segment of written.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.pop() === undefined) throw refused(written, "leads out of the parcel");
  }
  if (kept.length === 0) throw refused(written, "names the parcel's own folder");
  const path = kept.join("/");
  // Checked last: without its leading dot, `./C:` is a drive, too.
  if (/^[A-Za-z]:/.test(path)) throw refused(written, "is absolute");
  return path;
}

function refused(written: string, why: string): ExecutionFailure {
  return new ExecutionFailure(
    "invalid_input",
    `the parcel was refused: its path ${quoted(written)} ${why}. Packaged paths are relative, inside the parcel, with forward slashes; build the parcel again`,
  );
}
