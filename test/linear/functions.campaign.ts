/** No foreign text costs the functions it passes through more than linear work. */
import { expect, test } from "vitest";
import { assistantMessage, toCourierEvents } from "../../src/adapters/courier/translate.ts";
import { toTurnError } from "../../src/adapters/courier/wire-error.ts";
import { dispatchFailureText, refusalText } from "../../src/adapters/roder/reporting/failure-text.ts";
import { clipToWire } from "../../src/adapters/roder/reporting/fit-line.ts";
import { oneLine as roderLine } from "../../src/adapters/roder/reporting/status-text.ts";
import { LineBuffer } from "../../src/adapters/roder/tasks/line-buffer.ts";
import { capText } from "../../src/adapters/roder/tools/tool-text.ts";
import { readable } from "../../src/adapters/terminal/export/content.ts";
import { shown } from "../../src/adapters/terminal/export/html/markup.ts";
import { block } from "../../src/adapters/terminal/export/markdown.ts";
import { oneLine, printable } from "../../src/adapters/terminal/screen/text.ts";
import { ContinuedText } from "../../src/core/host/continued-text.ts";
import { visibleText } from "../../src/core/index.ts";
import { readMessage } from "../../src/seren/http/problem.ts";
import { SseParser } from "../../src/seren/index.ts";
import { encodeLine } from "../../src/stdio/encode-line.ts";
import { LineSplitter } from "../../src/stdio/line-splitter.ts";
import { clipBytes, clipCharacters, splitBytes } from "../../src/support/clip.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { jsonLines } from "../../src/support/json-source.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { trimmed } from "../../src/support/trim.ts";
import { escapeUnseen, escapeUnseenInJson, markUnseen, onOneLine } from "../../src/support/unseen.ts";
import { every } from "../support/every.ts";
import { growthOf, repeated } from "./growth.ts";

const SECRET = "seren_live_Ab3dEf6hIj9kLmN0123456789";
const redactor = createRedactor();
redactor.add(SECRET);
redactor.add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
redactor.add(Array.from({ length: 24 }, (_, line) => `line ${line} of a key ${"k".repeat(40)}`).join("\n"));

const pieces = (text: string, size: number) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
const failure = (text: string) => new ExecutionFailure("unavailable", text);
const run = { runId: "r", deploymentId: "d" };
const nothing = { artifacts: [], approvals: [] };

const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  redact: (text) => redactor.redact(text),
  "redact, in pieces of 7": (text) => {
    const stream = redactor.stream();
    for (const piece of pieces(text, 7)) {
      stream.push(piece);
      stream.pause();
    }
    return stream.end();
  },
  clipBytes: (text) => clipBytes(text, text.length - 8),
  clipCharacters: (text) => clipCharacters(text, text.length - 8),
  splitBytes: (text) => [...splitBytes(text, 64)],
  trimmed: (text) => trimmed(text, ".- /"),
  escapeUnseenInJson: (text) => escapeUnseenInJson(JSON.stringify(text)),
  onOneLine: (text) => onOneLine(text),
  escapeUnseen: (text) => escapeUnseen(text),
  markUnseen: (text) => markUnseen(text),
  "export: page": (text) => shown(text).toString(),
  "export: Markdown": (text) => block(text),
  "export: content": (text) => readable(JSON.stringify([text, { a: text }])),
  jsonLines: (text) => jsonLines(JSON.stringify([text, { a: text }]), (shown) => shown),
  encodeLine: (text) => encodeLine({ id: 1, result: { text, list: pieces(text, 512) } }, redactor),
  "lines from pieces of 64 bytes": (text) => {
    const splitter = new LineSplitter(1 << 24);
    for (const piece of pieces(text, 64)) for (const _ of splitter.push(Buffer.from(piece)));
    return splitter.end();
  },
  "event stream from pieces of 256 bytes": (text) => {
    const parser = new SseParser();
    parser.feed(Buffer.from("data: "));
    for (const piece of pieces(text, 256)) parser.feed(Buffer.from(piece));
    return parser.feed(Buffer.from("\n\n"));
  },
  "event stream, lines": (text) => {
    const parser = new SseParser();
    for (const piece of pieces(`x\n${text}\n`, 16_384)) parser.feed(Buffer.from(piece));
  },
  readMessage: (text) => readMessage(JSON.stringify({ error: { message: text } })),
  "courier: events": (text) => [
    ...toCourierEvents({ type: "text", text }),
    ...toCourierEvents({ type: "tool_result", id: "i", name: text, content: text, isError: true }),
    ...toCourierEvents({ type: "tool_call", id: "i", name: text, arguments: text }),
  ],
  "courier: message": (text) => assistantMessage(text),
  "courier: error": (text) =>
    toTurnError({ kind: "failed", run, text, error: { message: text, code: text }, ...nothing }),
  "roder: dispatch failure": (text) => dispatchFailureText(failure(text)),
  "roder: refusal": (text) => refusalText(failure(text)),
  "roder: clip to a line": (text) => clipToWire(text, 4000),
  "roder: one line": (text) => roderLine(text, 600),
  "roder: tool text": (text) => capText(text),
  "roder: chunks": (text) => {
    const buffer = new LineBuffer(0);
    buffer.add(text);
    while (buffer.length > 0) buffer.take({ unfinished: true, halfCharacter: true }, 0);
  },
  "roder: lines, added in pieces of 64": (text) => {
    const buffer = new LineBuffer(0);
    const release = { unfinished: true, halfCharacter: true };
    for (const piece of pieces(text, 64)) {
      buffer.add(piece);
      if (buffer.hasChunk({ ...release, unfinished: false })) buffer.take(release, 0);
    }
  },
  "terminal: printable": (text) => printable(text),
  "terminal: one line": (text) => oneLine(text),
  "terminal: approvals": (text) => visibleText(text),
  "terminal: text that goes on": (text) => {
    const continued = new ContinuedText(text);
    for (const piece of pieces(text, 16)) continued.push(piece);
    return continued.end();
  },
};

const UNITS = [
  ..." \n\r\tax1.-_:/?&=%\\\"'<>[]{}(),;#*+~^$|\u0001\x1b\u009b\u200b\u0301\u2028é😀\ud83d…",
  "seren_",
  "seren_-",
  "seren_a",
  SECRET,
  SECRET.slice(0, -1),
  "a".repeat(47),
  "line 3 of a key kkkk",
  "Bearer ",
  "bearer\n\n",
  "Authorization: Basic ",
  'authorization"\\',
  "?token=",
  "&sig=&",
  "429",
  "4 2 9 ",
  "42.9:",
  "rate limit timeout ",
  "timed out",
  "...[truncated]",
  "\\n",
  "\x1b[",
  "\x1b]0;",
  "\u009d\u009c",
  "data: ",
  "{}",
  '[{"a":',
  "a\n",
  "é ",
];

const TEXTS = UNITS.flatMap((unit) => ["", "\u0002!"].map((end) => ({ unit, end })));

test.each(Object.entries(FUNCTIONS))("%s", { timeout: 600_000 }, (name, work) => {
  for (const { unit, end } of every(3, TEXTS, Object.keys(FUNCTIONS).indexOf(name))) {
    const growth = growthOf(work, (size) => repeated(unit, size, { end }));
    expect(growth, JSON.stringify([unit, end])).toBeUndefined();
  }
});
