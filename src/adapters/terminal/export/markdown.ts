/**
 * A transcript as Markdown. Foreign text is in code blocks and code spans whose fences are longer than any within it, so nothing
 * of it is a heading, a link, an image or HTML.
 */

import { withContent } from "../../../core/index.ts";
import { markUnseen } from "../../../support/unseen.ts";
import { STATE_WORDS } from "../runs/run-rows.ts";
import { duration } from "../screen/format.ts";
import { artifactName, contentOf, decisionWord, readable } from "./content.ts";
import { factsOf, type Subject, timeText, warningsOf } from "./facts.ts";
import { type Item, storyOf } from "./story.ts";

const MIN_FENCE = 3;
const BACKTICKS = /`+/g;
const BLANKS = /\s+/g;

export function* markdownOf(subject: Subject): Generator<string, void, void> {
  const { transcript, version } = subject;
  const { run, state, input, readAt } = transcript;
  const artifacts = withContent(transcript.artifacts);
  yield `# Run ${span(run.runId.slice(0, 8))}: ${STATE_WORDS[state]}\n\n`;
  for (const warning of warningsOf(subject)) yield `> ${span(warning)}\n\n`;
  for (const { name, value } of factsOf(subject)) yield `- ${name}: ${span(value)}\n`;
  if (run.url !== undefined) yield `- page: ${span(run.url)}\n`;
  if (input) {
    yield "\n## Asked\n\n";
    if (input.message !== undefined) yield block(input.message);
    if (input.inputs !== undefined) yield `Inputs:\n\n${block(readable(JSON.stringify(input.inputs)))}`;
  }
  yield "\n## What happened\n\n";
  for (const item of storyOf(transcript)) yield itemText(item);
  if (artifacts.length > 0) yield "\n## Artifacts\n\n";
  for (const artifact of artifacts) {
    yield `- ${span(artifactName(artifact))} (${span(artifact.kind)})${artifact.uri === undefined ? "" : `: ${span(artifact.uri)}`}\n`;
    const content = contentOf(artifact);
    if (content !== undefined) yield `\n${block(content)}`;
  }
  yield `\n---\n\nRead at ${timeText(readAt)} by seren-bridge ${version}.\n`;
}

function itemText(item: Item): string {
  const took = item.tookMs === undefined ? "" : ` (${duration(item.tookMs)})`;
  switch (item.kind) {
    case "text":
      return `### Answer\n\n${block(item.text)}`;
    case "thinking":
      return `### Thought${took}\n\n${block(item.text)}`;
    case "tool": {
      const { name, arguments: given, result } = item;
      const end =
        result === undefined
          ? "Not finished.\n\n"
          : `${result.isError ? "Error" : "Result"}:\n\n${block(readable(result.content))}`;
      return `### Tool ${span(name)}${took}\n\n${given === undefined ? "" : block(readable(given))}${end}`;
    }
    case "approval": {
      const what = [item.tool, item.reason].flatMap((text) => (text === undefined ? [] : [span(text)])).join(": ");
      return `### Approval\n\n${what === "" ? "" : `${what}\n\n`}${item.decision === undefined ? "Not decided." : `Decided: ${span(decisionWord(item.decision))}`}\n\n`;
    }
    case "artifact":
      return `Artifact ${span(artifactName(item.artifact))}\n\n`;
    case "note":
      return `${item.level === "warning" ? "Warning" : "Note"}: ${span(item.text)}\n\n`;
  }
}

/** Returns foreign text as a code block. */
export function block(text: string): string {
  const shown = markUnseen(text);
  const fence = fenceFor(shown, MIN_FENCE);
  return `${fence}text\n${shown}${shown.endsWith("\n") ? "" : "\n"}${fence}\n\n`;
}

/** Returns foreign text on one line as code. */
export function span(text: string): string {
  const shown = markUnseen(text).replace(BLANKS, " ").trim();
  const fence = fenceFor(shown, 1);
  const gap = shown === "" || shown.startsWith("`") || shown.endsWith("`") ? " " : "";
  return `${fence}${gap}${shown}${gap}${fence}`;
}

function fenceFor(text: string, least: number): string {
  let longest = 0;
  for (const [run] of text.matchAll(BACKTICKS)) longest = Math.max(longest, run.length);
  return "`".repeat(Math.max(least, longest + 1));
}
