/** Foreign values as text for a document. */
import type { Artifact } from "../../../core/index.ts";
import { jsonLines } from "../../../support/json-source.ts";
import { isObject, jsonText, lookUp, parseJson } from "../../../support/objects.ts";

/** Content of an artifact that is put into a document. */
const MAX_CONTENT_CHARACTERS = 64 * 1024;

/** Returns JSON on indented lines, and any other text as it is. */
export function readable(text: string): string {
  const value = parseJson(text);
  return isObject(value) || Array.isArray(value) ? jsonLines(text, JSON.stringify).join("\n") : text;
}

/** Returns the content that the service keeps itself; undefined where there is none, or too much. */
export function contentOf({ payload }: Artifact): string | undefined {
  if (payload === undefined || payload === null) return undefined;
  const text = typeof payload === "string" ? payload : readable(jsonText(payload));
  return text.length > MAX_CONTENT_CHARACTERS ? undefined : text;
}

/** Returns the address when it is one of the web and whole; undefined for any other, and where a secret was removed. */
export function linkOf(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  const isOfWeb = (protocol === "https:" || protocol === "http:") && username === "" && password === "";
  return isOfWeb && !/\[redacted\]|%5bredacted%5d/i.test(address) ? href : undefined;
}

const DECISIONS: Readonly<Record<string, string>> = { approve: "approved", reject: "rejected", escalate: "escalated" };

export function decisionWord(decision: string): string {
  return lookUp(DECISIONS, decision) ?? decision;
}

export function artifactName({ title, kind, id }: Artifact): string {
  return title ?? (kind === "artifact" ? id : kind);
}
