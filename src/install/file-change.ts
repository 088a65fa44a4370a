/** A change to a file of the user: shown before it is made, made whole or not at all, with the old text kept beside it. */
import { rm } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { ExecutionFailure } from "../support/failure.ts";
import { readPlainFile } from "../support/plain-file.ts";
import { resolveLinks } from "../support/resolve-links.ts";
import { pathFailure } from "../support/system-error.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export interface UserFile {
  /** Links resolved: what a link leads to is changed, the link stays. */
  path: string;
  /** Undefined when there is no file. */
  text: string | undefined;
  mode: number;
}

export interface FileChange {
  file: UserFile;
  /** Equal to the file's text when there is nothing to do; empty to remove the file. */
  after: string;
}

/** Throws `invalid_input` for a file that cannot be read as UTF-8 text, and for a relative path. `newMode` is for a file that is not there yet. */
export async function readUserFile(path: string, newMode: number): Promise<UserFile> {
  if (!isAbsolute(path)) {
    // It would land in the working folder, where the host does not look.
    const why = "is not a whole path; correct HOME, or the variable that names its folder";
    throw new ExecutionFailure("invalid_input", `${path} ${why}`);
  }
  const target = await resolveLinks(path);
  const file = await readPlainFile(target, MAX_BYTES);
  if (!file) return { path: target, text: undefined, mode: newMode };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.bytes);
    return { path: target, text, mode: file.stats.mode & 0o777 };
  } catch (cause) {
    throw new ExecutionFailure("invalid_input", `${path} cannot be read: it is not UTF-8 text; save it as UTF-8`, {
      cause,
    });
  }
}

/** The failure for a file that is left as it is. `why` says the fix as well. */
export function untouched({ path }: UserFile, why: string): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `${path} was not touched: ${why}`);
}

export function changesNothing({ file, after }: FileChange): boolean {
  return (file.text ?? "") === after;
}

/** Replaces a file whole, or makes it. */
export type WriteFile = (path: string, text: string, mode: number) => Promise<void>;

/**
 * Resolves with the path of the backup; undefined when there was no file. Rejects with `conflict` when the file has changed
 * since it was read.
 */
export async function applyChange(change: FileChange, writeFile: WriteFile): Promise<string | undefined> {
  const backup = await backUp(change, writeFile);
  await applyWithoutBackup(change, writeFile);
  return backup;
}

/** Keeps the old text beside the file. Resolves with the path of the copy; undefined when there is no file. */
export async function backUp({ file }: FileChange, writeFile: WriteFile): Promise<string | undefined> {
  await requireUnchanged(file);
  if (file.text === undefined) return undefined;
  const backup = `${file.path}.seren-bridge.bak`;
  await writeFile(backup, file.text, file.mode);
  return backup;
}

/** For a file whose old text is kept already. Rejects like `applyChange`. */
export async function applyWithoutBackup({ file, after }: FileChange, writeFile: WriteFile): Promise<void> {
  await requireUnchanged(file);
  if (after === "") await remove(file.path);
  else await writeFile(file.path, after, file.mode);
}

async function requireUnchanged(file: UserFile): Promise<void> {
  const now = await readUserFile(file.path, file.mode);
  if (now.text !== file.text) {
    throw new ExecutionFailure("conflict", `${file.path} was changed by another program meanwhile; try again`);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw pathFailure(path, "removed", error);
  }
}

/** The removed lines and the added lines, each with its sign. */
export function differenceOf({ file, after }: FileChange): string[] {
  const old = linesOf(file.text ?? "");
  const fresh = linesOf(after);
  let top = 0;
  while (top < old.length && top < fresh.length && old[top] === fresh[top]) top += 1;
  let bottom = 0;
  while (bottom < Math.min(old.length, fresh.length) - top && old.at(-1 - bottom) === fresh.at(-1 - bottom))
    bottom += 1;
  return [
    ...old.slice(top, old.length - bottom).map((line) => `- ${line}`),
    ...fresh.slice(top, fresh.length - bottom).map((line) => `+ ${line}`),
  ];
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
}
