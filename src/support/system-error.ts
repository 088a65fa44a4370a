/** An error of the operating system in the words of a person: why, and what to do. */
import { ExecutionFailure } from "./failure.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist; check the path",
  ENOTDIR: "a part of the path is a file, not a folder; move that file, or choose another path",
  EISDIR: "it is a folder, not a file; move it away",
  EEXIST: "something else has this name; move it away",
  EACCES: "permission denied; change its owner or mode, or choose another path",
  EPERM: "the system does not permit it; change its owner or mode, or choose another path",
  EROFS: "the file system is read-only; choose another path",
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; free some space",
  EFBIG: "it would be larger than a file of this process may be; raise the limit (ulimit -f)",
  ELOOP: "its symbolic links go in a circle; remove the link",
  ENAMETOOLONG: "the path is too long; choose a shorter one",
  ENXIO: "it is a socket, a pipe or a device, not a file; move it away",
  ENODEV: "it is a device, not a file; move it away",
  EIO: "the disk reports an error; check the disk",
  ESTALE: "the network file system has lost it; mount it again",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine; close some programs",
  EBUSY: "another program uses it; close that program",
};

const READER_GONE: ReadonlySet<string> = new Set(["EPIPE", "EIO", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

/** Whether a write failed because there is no one to read: a pipe that was closed, a terminal that is gone. */
export function isReaderGone(error: unknown): boolean {
  return READER_GONE.has(systemCode(error) ?? "");
}

/** Returns why a write failed although there is a reader, such as a full disk; undefined for any other end. */
export function writeProblem(error: Error | null | undefined): string | undefined {
  return error && !isReaderGone(error) ? error.message.replace(/, write$/, "") : undefined;
}

/** The code of a system error, such as `EACCES`; undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Why a call of the operating system failed, and the fix. */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? (code === undefined ? "for a reason the system does not name" : `the system reports ${code}`);
}

/** Returns the failure for an error met with a file or folder, as in `PATH cannot be read: REASON`. */
export function pathFailure(path: string, what: "read" | "written" | "made" | "removed", error: unknown) {
  if (error instanceof ExecutionFailure) return error;
  return new ExecutionFailure("invalid_input", `${path} cannot be ${what}: ${systemReason(error)}`, { cause: error });
}
