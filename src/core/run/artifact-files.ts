/** Saves the artifacts of a run as local files. */
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { graceSignal, orAborted, timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { clipBytes } from "../../support/clip.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { folderName, isDeviceName } from "../../support/folder-name.ts";
import { noteHanging } from "../../support/hanging-calls.ts";
import { makeFolder } from "../../support/make-folder.ts";
import { Responsive } from "../../support/responsive.ts";
import { systemCode, systemReason } from "../../support/system-error.ts";
import { trimmed, withoutEnd } from "../../support/trim.ts";
import type { Artifact, Outcome } from "../events.ts";
import { ArtifactBudget } from "./artifact-budget.ts";
import { artifactContent, type Fetch } from "./artifact-content.ts";

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** What is fetched in vain is not kept, but it has been fetched. */
const MAX_FETCHED_BYTES = 4 * MAX_TOTAL_BYTES;
/** Limit for all artifacts of a run together. A turn may have hours left, and an address may be slow on purpose. */
const MAX_SAVING_MS = 10 * 60_000;
/** A disk that does not reply is not waited for longer. What was begun is then left there. */
const CLEANUP_MS = 1_000;
const AT_ONCE = 4;
/** File systems allow 255 bytes. */
const MAX_STEM_BYTES = 160;

const NO_TIME = "there was no time left for it";

export interface SaveOptions {
  fetch: Fetch;
  ambient: Ambient;
  /** Ends the saving. What is not complete by then is not kept. */
  signal: AbortSignal;
}

/** Where an artifact was saved, or why it was not. */
export type SavedArtifact = { artifact: Artifact; path: string } | { artifact: Artifact; problem: string };

/**
 * Saves artifacts into a subfolder of `folder`, one per run. An artifact that cannot be saved is returned with the reason
 * and does not fail the turn, because the answer is complete without it. Never rejects.
 */
export async function saveArtifacts(
  { run, artifacts }: Outcome,
  folder: string,
  { fetch, ambient, signal: parent }: SaveOptions,
): Promise<SavedArtifact[]> {
  const target = join(folder, folderName(run?.runId ?? "run"));
  const limit = timeoutSignal(ambient, MAX_SAVING_MS, parent);
  const { signal } = limit;
  const cleanUp = graceSignal(ambient, CLEANUP_MS, signal);
  const folderMade =
    artifacts.length > 0 && !signal.aborted
      ? new Responsive(target, ambient).ask(() => makeFolder(target))
      : Promise.resolve();
  folderMade.catch(() => undefined); // each artifact reports it
  const budget = new ArtifactBudget({ total: MAX_TOTAL_BYTES, each: MAX_FILE_BYTES });
  let fetched = 0;
  const onBytes = (count: number) => {
    fetched += count;
    if (fetched > MAX_FETCHED_BYTES) throw tooMuch();
  };
  const taken = new Set<string>();
  const files = artifacts.map((artifact) => ({ artifact, path: join(target, fileName(artifact, taken)) }));
  const save = async (
    place: number,
    { artifact, path }: { artifact: Artifact; path: string },
  ): Promise<SavedArtifact> => {
    try {
      await folderMade;
      signal.throwIfAborted();
      await writeArtifact(path, artifactContent(artifact, fetch, { maxBytes: MAX_FILE_BYTES, signal }), {
        onBytes,
        hasRoom: (bytes) => budget.hasRoom(place, bytes),
        isKept: (bytes) => budget.decide(place, bytes),
      });
      return { artifact, path };
    } catch (error) {
      budget.drop(place);
      return { artifact, problem: signal.aborted ? NO_TIME : problemOf(error) };
    }
  };
  const saved: SavedArtifact[] = [];
  let next = 0;
  const work = async () => {
    for (let file = files[next]; file; file = files[next]) {
      const place = next++;
      const { artifact } = file;
      const saving = save(place, file);
      saved[place] = await orAborted(saving, cleanUp.signal).catch(() => {
        noteHanging(saving);
        return { artifact, problem: NO_TIME };
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  cleanUp.release();
  limit.release();
  return saved;
}

interface Limits {
  /** Throws when all artifacts together have sent too much. */
  onBytes: (count: number) => void;
  hasRoom: (bytes: number) => boolean;
  isKept: (bytes: number) => Promise<boolean>;
}

/** A link in its place is not followed: it would lead out of the folder. Windows has no such flag, and few links. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);

/** Writes as it reads, so that no artifact is held in memory. A file that could not be completed is removed. */
async function writeArtifact(
  path: string,
  content: AsyncIterable<Uint8Array>,
  { onBytes, hasRoom, isKept }: Limits,
): Promise<void> {
  const file = await open(path, NEW_FILE, 0o600);
  let isComplete = false;
  try {
    let size = 0;
    for await (const bytes of content) {
      size += bytes.byteLength;
      if (size > MAX_FILE_BYTES) throw tooLarge();
      onBytes(bytes.byteLength);
      if (!hasRoom(size)) throw tooMuch();
      await file.appendFile(bytes);
    }
    if (!(await isKept(size))) throw tooMuch();
    isComplete = true;
  } finally {
    await file.close();
    if (!isComplete) await rm(path, { force: true });
  }
}

function tooMuch(): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `the artifacts of this run have more than ${MAX_TOTAL_BYTES} bytes`);
}

function tooLarge(): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `it is larger than ${MAX_FILE_BYTES} bytes`);
}

function problemOf(error: unknown): string {
  if (error instanceof ExecutionFailure) return error.message;
  return systemCode(error) === undefined ? asFailure(error).message : `it cannot be written: ${systemReason(error)}`;
}

/** Returns a plain, unused file name for the title that the run chose: no separators and no leading dots. */
function fileName({ title, id, uri, payload }: Artifact, taken: Set<string>): string {
  const plain = trimmed((title ?? id).replace(/[^\p{L}\p{N}._ -]+/gu, "-"), ".- ");
  const known = extname(plain) || (uri ? extname(pathOf(uri)).replace(/[^A-Za-z0-9.]/g, "") : "");
  const given = known || (typeof payload === "object" ? ".json" : "");
  const ending = withoutEnd(given.slice(0, 12), ". "); // Windows drops dots and blanks at the end
  const whole = plain.endsWith(ending) ? plain.slice(0, plain.length - ending.length) : plain;
  const stem = usable(trimmed(clipBytes(whole, MAX_STEM_BYTES), ".- ") || "artifact");
  let name = stem + ending;
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${stem}-${count}${ending}`;
  taken.add(name.toLowerCase());
  return name;
}

/** Does the same on every system, because folders are shared and moved between them. */
function usable(stem: string): string {
  return isDeviceName(stem) ? `artifact-${stem}` : stem;
}

function pathOf(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).pathname : "";
}
