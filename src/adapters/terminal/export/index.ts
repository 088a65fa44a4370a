/** A transcript as a document. Loaded when one is asked for. */
import type { RunOutputLine } from "../live/run-output-schema.ts";
import type { Subject } from "./facts.ts";
import { pageOf } from "./html/page.ts";
import { jsonLinesOf } from "./jsonl.ts";
import { markdownOf } from "./markdown.ts";

export type { Subject } from "./facts.ts";

/** Pieces of text, or the values of JSON lines. */
export type Document = { text: Iterable<string> } | { lines: Iterable<RunOutputLine> };

export type Format = "md" | "html" | "jsonl";

export function documentOf(format: Format, subject: Subject): Document {
  if (format === "jsonl") return { lines: jsonLinesOf(subject) };
  return { text: format === "html" ? pageOf(subject) : markdownOf(subject) };
}
