/**
 * Artifacts under addresses of this server. The address that a run gives may carry a permission of its own, and so may an id,
 * which some services fill with it: neither leaves this process.
 */
import { createHash } from "node:crypto";
import { extname } from "node:path";
import type { Artifact, Outcome } from "../../../core/index.ts";
import { clipCharacters } from "../../../support/clip.ts";

const SCHEME = "seren://runs/";
export const ARTIFACT_TEMPLATE = `${SCHEME}{run_id}/artifacts/{artifact_id}`;
const ADDRESS = /^seren:\/\/runs\/([^/?#]{1,400})\/artifacts\/([A-Za-z0-9._~-]{1,80})$/;

/** An id of this form stands in an address as it is. */
const PLAIN_ID = /^[A-Za-z0-9_-][A-Za-z0-9._~-]{0,79}$/;
const HASH_CHARS = 32;

const MAX_TITLE_CHARS = 80;
const MAX_LISTED = 10;

/** By the ending of the title or of the address: the run does not say what its artifacts are. */
const TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".gif": "image/gif",
  ".html": "text/html",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".md": "text/markdown",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".webp": "image/webp",
  ".zip": "application/zip",
};

/** An artifact in the structured result of a tool. */
export interface ListedArtifact {
  id: string;
  kind: string;
  title?: string;
  mime_type?: string;
  size_bytes?: number;
  /** For `resources/read`. Absent where there is nothing to read: some artifacts are no more than a name. */
  uri?: string;
}

/** Returns what is told of the artifacts of an ended run. */
export function listedArtifacts(runId: string, { artifacts }: Pick<Outcome, "artifacts">): ListedArtifact[] {
  return artifacts.slice(0, MAX_LISTED).map((artifact) => {
    const { title, kind, sizeBytes } = artifact;
    const id = shownId(artifact);
    const mimeType = mimeTypeOf(artifact);
    return {
      id,
      kind: clipCharacters(kind, MAX_TITLE_CHARS, "…"),
      ...(title ? { title: clipCharacters(title, MAX_TITLE_CHARS, "…") } : {}),
      ...(mimeType ? { mime_type: mimeType } : {}),
      ...(sizeBytes !== undefined && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0
        ? { size_bytes: sizeBytes }
        : {}),
      ...(hasContent(artifact) ? { uri: `${SCHEME}${encodeURIComponent(runId.toWellFormed())}/artifacts/${id}` } : {}),
    };
  });
}

/** Those that can be read as blocks of the content, for clients that can read resources. */
export function resourceLinks(artifacts: readonly ListedArtifact[]) {
  return artifacts.flatMap(({ id, title, mime_type, size_bytes, uri }) => {
    if (uri === undefined) return [];
    return {
      type: "resource_link",
      uri,
      name: title ?? id,
      ...(mime_type === undefined ? {} : { mimeType: mime_type }),
      ...(size_bytes === undefined ? {} : { size: size_bytes }),
    };
  });
}

function hasContent({ uri, payload }: Artifact): boolean {
  return Boolean(uri) || (payload !== undefined && payload !== null);
}

/** Returns the run that an address names, and a test for the artifact; undefined for an address of another form. */
export function readArtifactAddress(
  uri: string,
): { runId: string; names(artifact: Pick<Artifact, "id">): boolean } | undefined {
  const [, run, id] = ADDRESS.exec(uri) ?? [];
  if (run === undefined || id === undefined) return undefined;
  try {
    return { runId: decodeURIComponent(run), names: (artifact) => shownId(artifact) === id };
  } catch {
    return undefined;
  }
}

export function mimeTypeOf({ title, uri, payload }: Artifact): string | undefined {
  if (!uri && payload !== undefined && typeof payload !== "string") return TYPES[".json"];
  const path = uri && URL.canParse(uri) ? new URL(uri).pathname : "";
  return TYPES[extname(title ?? "").toLowerCase()] ?? TYPES[extname(path).toLowerCase()];
}

/** The same for the same artifact, and of a form that needs no escape. */
function shownId({ id }: Pick<Artifact, "id">): string {
  return PLAIN_ID.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, HASH_CHARS);
}
