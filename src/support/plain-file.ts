/**
 * Reading files that a person controls: regular files only, of bounded size. A pipe or a device in the place of a file must
 * not hang the program, which is why nothing else here opens a path that a person may have chosen.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { realAmbient } from "./ambient.ts";
import { ExecutionFailure } from "./failure.ts";
import { Responsive } from "./responsive.ts";
import { pathFailure, systemCode } from "./system-error.ts";

/** With NONBLOCK, opening a pipe does not wait for its other end. Windows has no such flag, and no such pipes. */
export const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export interface PlainFile {
  bytes: Buffer;
  stats: Stats;
}

/**
 * Returns undefined when there is no file. Rejects with `invalid_input`, naming path, reason and fix, and with `unavailable`
 * when the disk does not reply.
 */
export function readPlainFile(
  path: string,
  maxBytes: number,
  disk = new Responsive(path, realAmbient),
): Promise<PlainFile | undefined> {
  return disk.ask(() => read(path, maxBytes));
}

async function read(path: string, maxBytes: number): Promise<PlainFile | undefined> {
  try {
    const file = await open(path, READ_FLAGS);
    try {
      const stats = requirePlain(path, await file.stat(), maxBytes);
      const bytes = Buffer.alloc(room(stats, maxBytes));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return { bytes: bounded(path, bytes, filled, maxBytes), stats };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw pathFailure(path, "read", error);
  }
}

/** The same, without giving way to other work. */
export function readPlainFileSync(path: string, maxBytes: number): PlainFile | undefined {
  try {
    const file = openSync(path, READ_FLAGS);
    try {
      const stats = requirePlain(path, fstatSync(file), maxBytes);
      const bytes = Buffer.alloc(room(stats, maxBytes));
      let filled = 0;
      while (filled < bytes.length) {
        const count = readSync(file, bytes, filled, bytes.length - filled, null);
        if (count === 0) break;
        filled += count;
      }
      return { bytes: bounded(path, bytes, filled, maxBytes), stats };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw pathFailure(path, "read", error);
  }
}

/**
 * Returns the text of a file without a byte order mark. Throws `invalid_input` for what is not UTF-8, with a word of its own
 * for the UTF-16 that Windows shells write.
 */
export function textOf(path: string, bytes: Uint8Array): string {
  const [first, second] = bytes;
  const utf16 =
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
  if (utf16) throw new ExecutionFailure("invalid_input", `${path} is UTF-16 text; save it as UTF-8`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ExecutionFailure("invalid_input", `${path} is not UTF-8 text; save it as UTF-8`, { cause });
  }
}

/** One byte more than the file has or may have, so that growth is noticed. */
function room({ size }: Stats, maxBytes: number): number {
  return Math.min(size, maxBytes) + 1;
}

/** Returns why something that is no regular file cannot take part, e.g. `cannot be read: it is a pipe, not a file`. */
export function notAFile(path: string, cannot: string, stats: Stats): ExecutionFailure {
  const what = stats.isDirectory()
    ? "a folder"
    : stats.isFIFO()
      ? "a pipe"
      : stats.isSocket()
        ? "a socket"
        : "a device";
  return new ExecutionFailure("invalid_input", `${path} cannot be ${cannot}: it is ${what}, not a file; move it away`);
}

function requirePlain(path: string, stats: Stats, maxBytes: number): Stats {
  if (!stats.isFile()) throw notAFile(path, "read", stats);
  if (stats.size > maxBytes) throw tooLarge(path, maxBytes);
  return stats;
}

function bounded(path: string, bytes: Buffer, filled: number, maxBytes: number): Buffer {
  if (filled > maxBytes) throw tooLarge(path, maxBytes);
  return bytes.subarray(0, filled);
}

export function tooLarge(path: string, maxBytes: number): ExecutionFailure {
  return new ExecutionFailure(
    "invalid_input",
    `${path} is larger than the ${maxBytes} bytes it may have; look at what is in it`,
  );
}
