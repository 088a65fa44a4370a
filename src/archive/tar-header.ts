/**
 * Headers of GNU tar, as Dispatch writes them (`docs/reference/dispatch-deployment-v1.md`, section 6.3): no owner, no times, and
 * a name that does not fit in an entry of its own before the file.
 */
import { withoutEnd } from "../support/trim.ts";

export const BLOCK_BYTES = 512;
/** A name has at most so many bytes in a header. */
const NAME_BYTES = 100;
/** Eleven octal digits. */
export const MAX_FILE_BYTES = 8 ** 11 - 1;
const LONG_NAME = "././@LongLink";
const TYPE_AT = 156;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;

export interface TarFile {
  /** Relative, with forward slashes. */
  name: string;
  mode: number;
  size: number;
}

/** Returns everything that comes before the file's content. */
export function headerOf({ name, mode, size }: TarFile): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length <= NAME_BYTES) return block(bytes, mode, size, "\0");
  const text = Buffer.concat([bytes, Buffer.alloc(1)]);
  return Buffer.concat([
    block(Buffer.from(LONG_NAME), 0o644, text.length, "L"),
    text,
    Buffer.alloc(paddingOf(text.length)),
    block(bytes.subarray(0, NAME_BYTES), mode, size, "\0"),
  ]);
}

/** Returns how many zeros follow so many bytes of content. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

function block(name: Buffer, mode: number, size: number, type: string): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  name.copy(header);
  const octal = (value: number, digits: number, at: number) =>
    header.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  octal(mode & 0o777, 7, NAME_BYTES);
  octal(0, 7, 108);
  octal(0, 7, 116);
  octal(size, 11, 124);
  octal(0, 11, 136);
  header.write(type, TYPE_AT, "latin1");
  header.write("ustar  \0", 257, "latin1");
  octal(checksumOf(header), 7, CHECKSUM_AT);
  return header;
}

function checksumOf(header: Buffer): number {
  let sum = CHECKSUM_BYTES * 0x20; // the checksum itself counts as blanks
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += header[at] ?? 0;
  }
  return sum;
}

export type ReadHeader =
  | { kind: "file"; name: Buffer; size: number }
  | { kind: "folder"; size: number }
  /** The content is the name of the next entry. */
  | { kind: "long_name"; size: number }
  | { kind: "end" }
  /** A link, a device, or an extension that Dispatch does not write. */
  | { kind: "other" };

/** Returns undefined for a block that is no header. */
export function readHeader(header: Buffer): ReadHeader | undefined {
  if (header.every((byte) => byte === 0)) return { kind: "end" };
  if (readOctal(header, CHECKSUM_AT, CHECKSUM_BYTES) !== checksumOf(header)) return undefined;
  const size = readOctal(header, 124, 12);
  if (size === undefined) return undefined;
  switch (String.fromCharCode(header[TYPE_AT] ?? 0)) {
    case "\0":
    case "0":
      return { kind: "file", name: upToZero(header.subarray(0, NAME_BYTES)), size };
    case "5":
      return { kind: "folder", size };
    case "L":
      return { kind: "long_name", size };
    default:
      return { kind: "other" };
  }
}

export function upToZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function readOctal(header: Buffer, at: number, length: number): number | undefined {
  const text = withoutEnd(header.toString("latin1", at, at + length), "\0 ");
  return /^ *[0-7]{1,11}$/.test(text) ? Number.parseInt(text.trim(), 8) : undefined;
}
