/** Saves the artifacts of a run as local files. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Artifact, Outcome } from "../events.ts";

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
const MAX_NAME_LENGTH = 80;

export type Fetch = (address: string, maxBytes: number) => Promise<Uint8Array>;

/** Where an artifact was saved, or why it was not. */
export type SavedArtifact = { artifact: Artifact; path: string } | { artifact: Artifact; problem: string };

/**
 * Saves artifacts into a subfolder of `folder`, one per run. An artifact that cannot be saved is returned with the reason
 * and does not fail the turn, because the answer is complete without it. Never rejects.
 */
export async function saveArtifacts(outcome: Outcome, folder: string, fetch: Fetch): Promise<SavedArtifact[]> {
  const target = join(folder, outcome.run?.runId ?? "run");
  const taken = new Set<string>();
  const saved: SavedArtifact[] = [];
  let left = MAX_TOTAL_BYTES;
  for (const artifact of outcome.artifacts) {
    try {
      const bytes = await contentOf(artifact, fetch, Math.min(left, MAX_FILE_BYTES));
      left -= bytes.byteLength;
      await mkdir(target, { recursive: true, mode: 0o700 });
      const path = join(target, fileName(artifact, taken));
      await writeFile(path, bytes, { mode: 0o600 });
      saved.push({ artifact, path });
    } catch (error) {
      const problem = error instanceof ExecutionFailure ? error.message : writeProblem(error);
      saved.push({ artifact, problem });
    }
  }
  return saved;
}

async function contentOf(artifact: Artifact, fetch: Fetch, maxBytes: number): Promise<Uint8Array> {
  if (artifact.uri) {
    const bytes = await fetch(artifact.uri, maxBytes);
    if (artifact.sha256 && createHash("sha256").update(bytes).digest("hex") !== artifact.sha256) {
      throw new ExecutionFailure("contract", "its content does not match its hash");
    }
    return bytes;
  }
  if (artifact.payload === undefined || artifact.payload === null) {
    throw new ExecutionFailure("not_found", "it has neither an address nor content");
  }
  return Buffer.from(
    typeof artifact.payload === "string" ? artifact.payload : `${JSON.stringify(artifact.payload, null, 2)}\n`,
  );
}

function writeProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : asFailure(error).kind;
  return `it could not be written (${code})`;
}

/** Returns a plain, unused file name for the title that the run chose: no separators and no leading dots. */
function fileName({ title, id, uri, payload }: Artifact, taken: Set<string>): string {
  const plain = (title ?? id).replace(/[^\p{L}\p{N}._ -]+/gu, "-").replace(/^[.\s-]+|[.\s-]+$/g, "");
  const known = extname(plain) || (uri ? extname(new URL(uri).pathname).replace(/[^A-Za-z0-9.]/g, "") : "");
  const ending = (known || (typeof payload === "object" ? ".json" : "")).slice(0, 12);
  const stem =
    (plain.endsWith(ending) ? plain.slice(0, plain.length - ending.length) : plain).slice(0, MAX_NAME_LENGTH) ||
    "artifact";
  let name = stem + ending;
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${stem}-${count}${ending}`;
  taken.add(name.toLowerCase());
  return name;
}
