/** Hostile transcripts as documents: whatever a text tries, it stays text. */
import { describe, expect, test } from "vitest";
import { type Document, documentOf, type Format } from "../../../../../src/adapters/terminal/export/index.ts";
import { block, span } from "../../../../../src/adapters/terminal/export/markdown.ts";
import { storyOf } from "../../../../../src/adapters/terminal/export/story.ts";
import { timelineOf } from "../../../../../src/adapters/terminal/export/timeline.ts";
import { RunOutputLineSchema } from "../../../../../src/adapters/terminal/index.ts";
import { hostileTranscript, MARKER } from "../../../../support/in-process/hostile-transcript.ts";

const FIRST = Number(process.env.EXPORT_SEED ?? 1);
const SEEDS = Array.from({ length: 400 }, (_, index) => FIRST + index);

function written(format: Format, seed: number): Document {
  return documentOf(format, { transcript: hostileTranscript(seed), agent: `<b>${MARKER}`, version: "0.0.0" });
}

function textOf(format: Format, seed: number): string {
  const document = written(format, seed);
  return "text" in document ? [...document.text].join("") : "";
}

/** Everything that begins like markup, read without our own code. */
const TAG = /<[!/?a-zA-Z][^>]*>?/g;
const OURS =
  /^<(?:!doctype html|html lang="en"|\/?(?:html|head|body|main|title|style|header|h[123]|p|dl|div|dt|dd|bdi|b|i|span|svg|rect|text|path|ol|ul|li|pre|details|summary|strong|footer|a)|meta charset="utf-8"|meta (?:http-equiv|name)="[a-zA-Z-]+" content="[a-zA-Z0-9 &#'+/=;,._-]+"|(?:p|span|div|header|h1|h2|svg|rect|text|path|ol|ul|li|pre|dl|i)(?: (?:class|role|dir|height|width|x|y|rx|d|viewBox|preserveAspectRatio|text-anchor|aria-hidden)="[a-zA-Z0-9 .%_-]*")+\/?|a href="https?:[^"<>]*" rel="noreferrer noopener nofollow")>$/;

test(`a page has no element and no attribute of a foreign text (seeds from ${FIRST})`, () => {
  for (const seed of SEEDS) {
    const page = textOf("html", seed);
    for (const [tag] of page.matchAll(TAG)) expect(tag, `seed ${seed}`).toMatch(OURS);
    expect(page, `seed ${seed}`).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
    expect(page.isWellFormed()).toBe(true);
    for (const [, address = ""] of page.matchAll(/href="([^"]*)"/g)) {
      expect(["https:", "http:"], `seed ${seed}`).toContain(new URL(address.replaceAll("&amp;", "&")).protocol);
    }
  }
});

/** Removes code blocks and code spans as CommonMark finds them. */
function withoutCode(markdown: string): string {
  const kept: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split(/\r\n|\n|\r/)) {
    const [, ticks = "", info = ""] = /^ {0,3}(`{3,})([^`]*)$/.exec(line) ?? [];
    if (fence === undefined && ticks !== "") fence = ticks;
    else if (fence === undefined) kept.push(line);
    else if (ticks.length >= fence.length && info.trim() === "") fence = undefined;
  }
  expect(fence, "a block that does not end").toBeUndefined();
  return kept.map(withoutSpans).join("\n");
}

function withoutSpans(line: string): string {
  let rest = line;
  let kept = "";
  for (;;) {
    const open = /`+/.exec(rest);
    if (!open) return kept + rest;
    const [ticks] = open;
    const after = rest.slice(open.index + ticks.length);
    const close = [...after.matchAll(/`+/g)].find(([run]) => run === ticks);
    kept += rest.slice(0, open.index);
    if (!close) return `${kept}${ticks}${after}`;
    rest = after.slice(close.index + ticks.length);
  }
}

test(`Markdown has foreign text in code only (seeds from ${FIRST})`, () => {
  for (const seed of SEEDS) {
    const rest = withoutCode(textOf("md", seed));
    expect(rest, `seed ${seed}`).not.toContain(MARKER);
    expect(rest, `seed ${seed}`).not.toMatch(/[<`\]|\u202e]/);
  }
});

test(`JSON lines are those of the schema (seeds from ${FIRST})`, () => {
  for (const seed of SEEDS) {
    const document = written("jsonl", seed);
    const lines = "lines" in document ? [...document.lines] : [];
    for (const line of lines) expect(RunOutputLineSchema.parse(JSON.parse(JSON.stringify(line)))).toBeTruthy();
    expect(lines.at(-1)?.type === "outcome").toBe(hostileTranscript(seed).outcome !== undefined);
  }
});

test("bars and spans are between the beginning and the end", () => {
  for (const seed of SEEDS) {
    const transcript = hostileTranscript(seed);
    const { bars, spans } = timelineOf(transcript, storyOf(transcript));
    for (const { from, to } of [...bars, ...spans]) {
      expect([from >= 0, from <= to, to <= 1], `seed ${seed}: ${from} ${to}`).toEqual([true, true, true]);
    }
  }
});

describe("Markdown", () => {
  test.each([
    ["a ``` b", "````text\na ``` b\n````\n\n"],
    ["```\n", "````text\n```\n````\n\n"],
    ["~~~", "```text\n~~~\n```\n\n"],
    ["a\u202eb\tc\r\nd", "```text\na\\u{202e}b\tc\nd\n```\n\n"],
  ])("block %j", (text, shown) => expect(block(text)).toBe(shown));
  test.each([
    ["a`b", "``a`b``"],
    ["`", "`` ` ``"],
    ["a\n# b", "`a # b`"],
    ["", "`  `"],
  ])("span %j", (text, shown) => expect(span(text)).toBe(shown));
});
